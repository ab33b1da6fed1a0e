// build.mjs makes it out of emoji-datasource.
declare module "emoji" {
  const names: Record<string, string>;
  export default names;
}
