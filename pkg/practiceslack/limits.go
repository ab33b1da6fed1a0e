package practiceslack

import (
	"math"
	"strings"
	"time"
)

// Limits are the rate limits of the Web API. They are on by default.
type Limits struct {
	Off      bool
	Scale    float64 // 2 allows twice as much, 0.5 half; 0 means 1
	NoBursts bool    // one call at once, and the next when its time has come
}

// bucket is a token bucket that fills by the workspace's clock.
type bucket struct {
	tokens float64
	filled time.Time
}

// rate says how many calls of a method are allowed each minute, and how many at
// once. Slack publishes the first; of the second only that bursts are allowed.
type rate struct{ perMinute, burst float64 }

// rateOf is a method's tier as Slack publishes it. A method that is not named
// here is of tier 3.
func rateOf(method string) rate {
	switch {
	case method == "chat.postMessage": // special: one a second for each channel, and short bursts
		return rate{perMinute: 60, burst: 5}
	case method == "auth.test": // special: hundreds a minute
		return rate{perMinute: 600, burst: 600}
	case method == "users.list", strings.HasPrefix(method, "usergroups."): // tier 2
		return rate{perMinute: 20, burst: 20}
	case method == "chat.postEphemeral", strings.HasPrefix(method, "views."), method == "users.info",
		strings.HasPrefix(method, "oauth."), strings.HasPrefix(method, "openid."): // tier 4
		return rate{perMinute: 100, burst: 100}
	}
	return rate{perMinute: 50, burst: 50}
}

// take spends one call, or tells after how many whole seconds to come back.
func (ws *Workspace) take(method, channelID string) (retryAfter time.Duration, ok bool) {
	limits := ws.pace.Limits
	if limits.Off {
		return 0, true
	}
	r := rateOf(method)
	perSecond, most := r.perMinute*limits.Scale/60, math.Max(1, r.burst*limits.Scale)
	if limits.NoBursts {
		most = 1
	}
	key := method
	if method == "chat.postMessage" {
		// Only channels that exist have a bucket, so that their number is bounded.
		if _, known := ws.channels[channelID]; known {
			key += " " + channelID
		}
	}
	now := ws.now()
	b, known := ws.buckets[key]
	if !known {
		b = &bucket{tokens: most, filled: now}
		ws.buckets[key] = b
	}
	if passed := now.Sub(b.filled).Seconds(); passed > 0 {
		b.tokens += passed * perSecond
		b.filled = now
	}
	b.tokens = math.Min(most, b.tokens)
	// The tolerance keeps a caller who waits exactly as told from being refused
	// over a rounding error.
	if b.tokens < 1-1e-9 {
		wait := math.Ceil((1 - b.tokens) / perSecond)
		return time.Duration(math.Max(1, wait)) * time.Second, false
	}
	b.tokens--
	return 0, true
}
