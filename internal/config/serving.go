package config

import (
	"slices"
	"strconv"

	"github.com/caarlos0/env/v11"
)

// Serving says how a Frontdesk with these settings is reached from its own machine.
type Serving struct {
	Scheme string // http or https
	Port   int    // 0 means any free one
}

// LoadServing reads only what says how Frontdesk is reached, from where Load would: whoever asks whether it lives must
// need no secret. The error, if any, is a *Problems.
func LoadServing(o Options) (Serving, error) {
	file, problem := readEnvFile(o.EnvFile)
	if problem != nil {
		return Serving{}, &Problems{List: []Problem{*problem}}
	}
	from := []source{
		{where: "the environment", values: env.ToMap(o.Environ)},
		{where: "the .env file", values: file},
	}
	setting := named("PORT")
	text, problem := setting.find(from)
	if problem != nil {
		return Serving{}, &Problems{List: []Problem{*problem}}
	}
	text, problems := setting.read(text, nil)
	if len(problems) > 0 {
		return Serving{}, &Problems{List: problems}
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return Serving{}, &Problems{List: []Problem{{setting.Name, "is no whole number", setting.Remedy}}}
	}
	serving := Serving{Scheme: "http", Port: port}
	if certificate, problem := named("TLS_CERT_FILE").find(from); problem != nil {
		return Serving{}, &Problems{List: []Problem{*problem}}
	} else if certificate != "" {
		serving.Scheme = "https"
	}
	return serving, nil
}

// named gives the declaration of a setting that there is.
func named(name string) Setting {
	all := Settings()
	return all[slices.IndexFunc(all, func(s Setting) bool { return s.Name == name })]
}
