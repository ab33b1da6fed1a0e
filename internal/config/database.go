package config

import (
	"slices"

	"github.com/caarlos0/env/v11"
)

// LoadDatabaseURL reads DATABASE_URL, from where Load would, for what needs no other setting. The error, if any, is a
// *Problems.
func LoadDatabaseURL(o Options) (DatabaseURL, error) {
	file, problem := readEnvFile(o.EnvFile)
	if problem != nil {
		return "", &Problems{List: []Problem{*problem}}
	}
	text, problem := databaseSetting().find([]source{
		{where: "the environment", values: env.ToMap(o.Environ)},
		{where: "the .env file", values: file},
	})
	if problem != nil {
		return "", &Problems{List: []Problem{*problem}}
	}
	return ReadDatabaseURL("DATABASE_URL", text)
}

// ReadDatabaseURL reads an address that was given in another way, which the problems call by its name.
func ReadDatabaseURL(name, text string) (DatabaseURL, error) {
	setting := databaseSetting()
	setting.Name = name
	address, problems := setting.read(text, nil)
	if len(problems) > 0 {
		return "", &Problems{List: problems}
	}
	return DatabaseURL(address), nil
}

func databaseSetting() Setting {
	all := Settings()
	return all[slices.IndexFunc(all, func(s Setting) bool { return s.Name == "DATABASE_URL" })]
}
