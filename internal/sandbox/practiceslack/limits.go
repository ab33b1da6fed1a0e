package practiceslack

import (
	"math"
	"strings"
	"time"
)

// Limits are the rate limits of the Web API. They are on by default.
type Limits struct {
	Off   bool
	Scale float64 // 2 allows twice as much, 0.5 half; 0 means 1
}

// bucket is a token bucket that fills by the workspace's clock.
type bucket struct {
	tokens float64
	filled time.Time
}

// rate says how many calls of a method are allowed each minute, and how many at
// once. Slack publishes the first; of the second only that bursts are allowed.
type rate struct{ perMinute, burst float64 }

func rateOf(method string) rate {
	switch {
	case method == "chat.postMessage":
		return rate{perMinute: 60, burst: 5} // for each channel
	case method == "chat.postEphemeral", strings.HasPrefix(method, "views."), method == "users.info":
		return rate{perMinute: 100, burst: 100}
	case method == "users.list", strings.HasPrefix(method, "usergroups."):
		return rate{perMinute: 20, burst: 20}
	case method == "auth.test":
		return rate{perMinute: 600, burst: 600}
	}
	return rate{perMinute: 50, burst: 50}
}

// take spends one call, or tells after how many whole seconds to come back.
func (ws *Workspace) take(method, channelID string) (retryAfter time.Duration, ok bool) {
	if ws.opt.Limits.Off {
		return 0, true
	}
	scale := ws.opt.Limits.Scale
	if scale <= 0 {
		scale = 1
	}
	r := rateOf(method)
	perSecond, most := r.perMinute*scale/60, math.Max(1, r.burst*scale)
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
		b.tokens = math.Min(most, b.tokens+passed*perSecond)
		b.filled = now
	}
	// The tolerance keeps a caller who waits exactly as told from being refused
	// over a rounding error.
	if b.tokens < 1-1e-9 {
		wait := math.Ceil((1 - b.tokens) / perSecond)
		return time.Duration(math.Max(1, wait)) * time.Second, false
	}
	b.tokens--
	return 0, true
}
