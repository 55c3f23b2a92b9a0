//! Lines on stderr as hclog writes them.

use std::num::NonZeroU8;

use time::OffsetDateTime;
use time::format_description::well_known::Iso8601;
use time::format_description::well_known::iso8601::{Config, EncodedConfig, TimePrecision};

/// go-plugin reads lines whose seconds have exactly six decimals, and no others.
const TIMESTAMP: EncodedConfig =
    Config::DEFAULT.set_time_precision(TimePrecision::Second { decimal_digits: NonZeroU8::new(6) }).encode();

/// Writes one line; `fields` are members of a JSON object, without the braces.
pub fn info(message: &str, fields: &str) {
    let now = OffsetDateTime::now_utc().format(&Iso8601::<TIMESTAMP>).expect("a year of four digits");
    eprintln!(r#"{{"@level":"info","@message":"{message}","@module":"rust","@timestamp":"{now}",{fields}}}"#);
}
