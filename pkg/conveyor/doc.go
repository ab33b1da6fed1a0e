// Package conveyor is a client of Conveyor's API (docs.conveyor.com), version 2: the queue of people who
// ask to enter a company's trust room, the authorizations that let them in, access groups, connections and
// interactions.
//
// It is for anyone who talks to Conveyor from Go. It imports the standard library only.
//
// # What it promises
//
//   - Reads that list something are iterators ([iter.Seq2]) over every page. They end: a server that sends
//     the same page for ever, or pages without end, gives [ErrPaging].
//   - It never retries. The caller owns the retry policy and has [Temporary], [Ambiguous] and
//     [APIError.RetryAfter] to decide with. (The standard library's transport may send a read again on a
//     fresh connection when a kept one proves dead, and a write only if not a byte of it was written.)
//   - Each error is one of: [ErrArgument] (nothing was sent), [*TransportError], [*APIError],
//     [*DecodeError], [ErrPaging]. No error text contains the API key, the query string or a request's body.
//     Of an answer's body it contains at most [APIError.Message], which is bounded and cleaned.
//   - The key goes to the base URL's scheme and host only. A redirect elsewhere is not followed, and a
//     redirected write is not followed at all.
//   - Decoding is tolerant where Conveyor's documentation is silent: null, an id as number or string, times
//     with or without a fraction, unknown fields and unknown status values. It is strict where a wrong
//     reading would be believed: a list without its member, or a record without an id, is a [*DecodeError]
//     and not an empty list.
//
// A [Client] is safe for use by several goroutines.
//
// # What Conveyor does not document
//
// There is no idempotency key, no sort order, no "changed since" filter, and no form of an error's body. What
// happens when somebody decides a request that is decided already is not documented either: after a refusal,
// and after any error that is [Ambiguous], read the request again and believe its status.
//
// The documentation puts parameters in the query string, even for POST and PATCH. A JSON body with the same
// names is known to have worked and is the default here; see [WithParamStyle]. Likewise [WithAuthStyle].
//
// Conveyor allows 2000 requests in a window whose length is not documented, so poll frugally: a listing costs
// one request a page of 100.
package conveyor
