package licences

// Recognise gives the names that SPDX has for a licence's text.
func Recognise(text string) string { return recognise(text) }
