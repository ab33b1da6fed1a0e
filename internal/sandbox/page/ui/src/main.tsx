// The page of the practice workspace.
import { render } from "preact";
import { Page } from "./page";
import { follow, openHome } from "./follow";
import { home, loaded } from "./world";

const wantsHome = new URLSearchParams(location.search).has("home");
render(<Page />, document.getElementById("page")!);
follow();
if (wantsHome) {
  home.value = true;
  const stop = loaded.subscribe((yes) => {
    if (!yes) return;
    setTimeout(() => stop());
    void openHome();
  });
}
