package licences_test

import (
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/frontdesk-hq/frontdesk/internal/licences"
)

const root = "../.."

// TestTheLicencesOfWhatIsLinkedAreListed: make licences makes the page anew.
func TestTheLicencesOfWhatIsLinkedAreListed(t *testing.T) {
	t.Parallel()
	modules, err := licences.Modules(t.Context(), root)
	require.NoError(t, err)
	bundled, err := licences.Bundled(root)
	require.NoError(t, err)
	require.NotEmpty(t, bundled)
	var page bytes.Buffer
	require.NoError(t, licences.WritePage(&page, modules, bundled))
	written, err := os.ReadFile(root + "/docs/licences.md")
	require.NoError(t, err)
	require.Equal(t, page.String(), string(written), "run make licences")
	for _, m := range modules {
		require.NotContains(t, m.Licence, "GPL", "%s: that has to be decided by a person", m.Name)
	}
}

// TestTheTextsAreWhole: each module's licence can be passed on with the binary.
func TestTheTextsAreWhole(t *testing.T) {
	t.Parallel()
	modules, err := licences.Modules(t.Context(), root)
	require.NoError(t, err)
	var texts bytes.Buffer
	require.NoError(t, licences.WriteTexts(&texts, modules))
	for _, m := range modules {
		require.Contains(t, texts.String(), "=== "+m.Name+" "+m.Version+": ")
	}
	require.Contains(t, texts.String(), "Mozilla Public License Version 2.0")
}

func TestLicencesAreRecognised(t *testing.T) {
	t.Parallel()
	for text, name := range map[string]string{
		"Permission is hereby granted, free of\n charge, to any person obtaining a copy of this software":         "MIT",
		"Redistribution and use in source and binary forms, with or without":                                      "BSD-2-Clause",
		"Redistribution and use in source and binary forms, with; may not be used to endorse or promote products": "BSD-3-Clause",
		"Apache License\n  Version 2.0, January 2004":                                                             "Apache-2.0",
		"Mozilla Public License Version 2.0":                                                                      "MPL-2.0",
		"All rights reserved.":                                                                                    "",
		"":                                                                                                        "",
	} {
		require.Equal(t, name, licences.Recognise(text))
	}
}
