//! What a query tells its functions: time, zone, names, settings.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;
use types::tz::TimeZone;

/// One per query.
#[derive(Clone, Debug)]
pub struct Session {
    pub timezone: Arc<TimeZone>,
    /// start of the query, nanoseconds since epoch, UTC
    pub now_ns: i128,
    /// that moment on the clock that never goes back
    pub started: Instant,
    pub database: String,
    pub user: String,
    pub query_id: String,
    pub version: String,
    pub hostname: String,
    pub settings: HashMap<String, String>,
}

impl Default for Session {
    fn default() -> Self {
        Session {
            timezone: TimeZone::utc(),
            now_ns: 0,
            started: Instant::now(),
            database: "default".into(),
            user: "default".into(),
            query_id: String::new(),
            version: String::new(),
            hostname: "localhost".into(),
            settings: HashMap::new(),
        }
    }
}

impl Session {
    pub fn setting(&self, name: &str) -> Option<&str> {
        self.settings.get(name).map(String::as_str)
    }
    /// A boolean setting with its default.
    pub fn flag(&self, name: &str, default: bool) -> bool {
        self.setting(name).map_or(default, |v| v == "1" || v.eq_ignore_ascii_case("true"))
    }
    pub fn number(&self, name: &str, default: u64) -> u64 {
        self.setting(name).and_then(|v| v.parse().ok()).unwrap_or(default)
    }
    /// The time now, nanoseconds since epoch, UTC.
    pub fn clock_ns(&self) -> i128 {
        self.now_ns + self.started.elapsed().as_nanos() as i128
    }
    /// The zone of a type, else the session's.
    pub fn zone_of(&self, ty: &types::Type) -> types::Result<Arc<TimeZone>> {
        match ty.time_zone() {
            Some(name) => TimeZone::get(name),
            None => Ok(self.timezone.clone()),
        }
    }
}
