package rule

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/hkp-gateway/hkp-gateway/plugins/antiabuse-go/internal/count"
	"github.com/hkp-gateway/hkp-gateway/plugins/antiabuse-go/internal/ledger"
	"github.com/hkp-gateway/hkp-gateway/plugins/antiabuse-go/internal/settings"
)

const (
	mostPatterns    = 50
	longestPattern  = 100
	mostUploadBytes = 2047 << 20
	minutesOfAYear  = 525_600
	// A set of searches is compared one by one, and is one value with the gateway.
	mostSearches = 1000
)

var usualUploads = []string{
	"application/x-www-form-urlencoded", "multipart/form-data",
	"application/pgp", "application/pgp-keys", "application/octet-stream",
}

// Config is what the rules are told; plugin.toml says what each key means.
type Config struct {
	BlockList  blockListConfig
	UserAgent  userAgentConfig
	Rate       rateConfig
	HashQuery  rateConfig
	Upload     uploadConfig
	Harvest    harvestConfig
	Errors     errorsConfig
	MaxClients int
}

type blockListConfig struct {
	mode      settings.Mode
	addresses settings.Addresses
}

type userAgentConfig struct {
	mode     settings.Mode
	patterns []settings.Glob
}

type rateConfig struct {
	mode   settings.Mode
	limits []count.Limit
	steps  ledger.Steps
}

type uploadConfig struct {
	mode         settings.Mode
	maxBytes     int64
	contentTypes []string
}

type harvestConfig struct {
	mode            settings.Mode
	searches, broad count.Limit
	shortest        int
	steps           ledger.Steps
}

type errorsConfig struct {
	mode              settings.Mode
	searches, fetches count.Limit
	statuses          settings.Statuses
	steps             ledger.Steps
}

// ReadConfig reads it; what is wrong is the reader's to say.
func ReadConfig(reader *settings.Reader) Config {
	forgetAfter := reader.Memory("forget_after", time.Hour)
	window := reader.Window("window", 10*time.Second)
	steps := ledger.Steps{Lengths: blockSteps(reader), ForgetAfter: forgetAfter}
	return Config{
		BlockList:  blockListConfig{reader.Mode("block_list_mode"), reader.Addresses("block")},
		UserAgent:  userAgentConfig{reader.Mode("user_agent_mode"), readPatterns(reader)},
		Rate:       rateConfig{reader.Mode("rate_limit_mode"), readLimits(reader, window), steps},
		HashQuery:  rateConfig{reader.Mode("hashquery_mode"), readHashQueryLimits(reader, window), steps},
		Upload:     readUpload(reader),
		Harvest:    readHarvest(reader, forgetAfter),
		Errors:     readErrors(reader, forgetAfter),
		MaxClients: reader.Number("max_clients", 100_000, 100, 10_000_000),
	}
}

func blockSteps(reader *settings.Reader) []time.Duration {
	steps := reader.Steps("block_steps", 10*time.Second, 60*time.Second, 10*time.Minute, time.Hour)
	if !reader.Has("block_duration_minutes") {
		return steps
	}
	minutes := reader.Number("block_duration_minutes", 1, 1, minutesOfAYear)
	return []time.Duration{time.Duration(minutes) * time.Minute}
}

func readPatterns(reader *settings.Reader) []settings.Glob {
	texts := reader.List("user_agents", nil)
	if len(texts) > mostPatterns {
		reader.Fail("user_agents", fmt.Sprintf("at most %d patterns", mostPatterns), fmt.Sprintf("%d patterns", len(texts)))
	}
	var patterns []settings.Glob
	for i, text := range texts {
		if utf8.RuneCountInString(text) > longestPattern || strings.TrimSpace(strings.ReplaceAll(text, "*", "")) == "" {
			reader.Fail(fmt.Sprintf("user_agents[%d]", i),
				fmt.Sprintf("1 to %d characters, not only *", longestPattern), "'"+text+"'")
		}
		patterns = append(patterns, settings.NewGlob(text))
	}
	return patterns
}

func readLimits(reader *settings.Reader, window time.Duration) []count.Limit {
	threshold := count.Limit{Max: reader.Number("threshold", 100, 1, settings.Most), Window: window, What: count.Requests}
	limits := []count.Limit{threshold}
	for _, classic := range []struct {
		key    string
		window time.Duration
	}{{"max_requests_per_minute", time.Minute}, {"max_requests_per_hour", time.Hour}} {
		if !reader.Has(classic.key) {
			continue
		}
		most := reader.Number(classic.key, 1, 1, settings.Most)
		if float64(most)*float64(window) > float64(threshold.Max)*float64(classic.window) {
			reader.Warn(fmt.Sprintf("%s = %d is never reached, because threshold = %d per %d s is stricter;"+
				" raise threshold if that is not meant", classic.key, most, threshold.Max, window/time.Second))
		}
		limits = append(limits, count.Limit{Max: most, Window: classic.window, What: count.Requests})
	}
	return limits
}

func readHashQueryLimits(reader *settings.Reader, window time.Duration) []count.Limit {
	return []count.Limit{{Max: reader.Number("hashquery_threshold", 500, 1, settings.Most), Window: window, What: count.Requests}}
}

func readUpload(reader *settings.Reader) uploadConfig {
	var types []string
	for _, text := range reader.List("upload_content_types", usualUploads) {
		types = append(types, strings.ToLower(text))
	}
	return uploadConfig{reader.Mode("upload_mode"), reader.Size("upload_max_size", "8MB", mostUploadBytes), types}
}

func readHarvest(reader *settings.Reader, forgetAfter time.Duration) harvestConfig {
	window := reader.Window("harvest_window", 10*time.Minute)
	steps := reader.Steps("harvest_block_steps", 10*time.Minute, time.Hour, 24*time.Hour)
	return harvestConfig{
		mode:     reader.Mode("harvest_mode"),
		searches: count.Limit{Max: reader.Number("harvest_searches", 100, 1, mostSearches), Window: window, What: count.Searches},
		broad:    count.Limit{Max: reader.Number("harvest_broad_searches", 20, 1, mostSearches), Window: window, What: count.BroadSearches},
		shortest: reader.Number("harvest_shortest", 4, 1, 100),
		steps:    ledger.Steps{Lengths: steps, ForgetAfter: forgetAfter},
	}
}

func readErrors(reader *settings.Reader, forgetAfter time.Duration) errorsConfig {
	window := reader.Window("errors_window", 5*time.Minute)
	steps := reader.Steps("errors_block_steps", 5*time.Minute, time.Hour, 24*time.Hour)
	return errorsConfig{
		mode:     reader.Mode("errors_mode"),
		searches: count.Limit{Max: reader.Number("errors_threshold", 20, 1, settings.Most), Window: window, What: count.FailedSearches},
		fetches:  count.Limit{Max: reader.Number("errors_fetch_threshold", 1000, 1, settings.Most), Window: window, What: count.FailedFetches},
		statuses: reader.Statuses("errors_statuses", "400", "404", "414", "422"),
		steps:    ledger.Steps{Lengths: steps, ForgetAfter: forgetAfter},
	}
}

// Modes are those of the rules, for the log.
func (c Config) Modes() []any {
	return []any{
		blockListName, string(c.BlockList.mode), userAgentName, string(c.UserAgent.mode),
		rateName, string(c.Rate.mode), hashQueryName, string(c.HashQuery.mode), uploadName, string(c.Upload.mode),
		harvestName, string(c.Harvest.mode), errorsName, string(c.Errors.mode),
	}
}
