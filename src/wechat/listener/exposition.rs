//! The two text formats of metrics: `OpenMetrics`, and the older one of Prometheus, which tools such
//! as promtool read and which a client gets that asks for neither.

use axum::http::HeaderMap;
use axum::http::header::ACCEPT;

/// A text format of metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exposition {
    OpenMetrics,
    Prometheus,
}

/// Returns the format that a client asks for.
pub(super) fn wanted(headers: &HeaderMap) -> Exposition {
    let accepted = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut types = accepted.flat_map(|value| value.split(','));
    if types.any(|kind| kind.trim().starts_with("application/openmetrics-text")) {
        Exposition::OpenMetrics
    } else {
        Exposition::Prometheus
    }
}

/// Writes a page of `OpenMetrics` in the format of Prometheus.
///
/// There a family has the name of its samples, and neither units nor infos exist.
pub(super) fn prometheus(open_metrics: &str) -> String {
    let mut page = String::with_capacity(open_metrics.len());
    let mut help = None;
    for line in open_metrics.lines() {
        let (word, rest) = line.strip_prefix("# ").and_then(|rest| rest.split_once(' ')).unzip();
        match (word, rest) {
            (Some("HELP"), _) => help = rest,
            (Some("TYPE"), Some(rest)) => {
                let (name, kind) = rest.split_once(' ').unwrap_or((rest, "unknown"));
                let (ending, kind) = match kind {
                    "counter" => ("_total", kind),
                    "info" => ("_info", "gauge"),
                    "unknown" => ("", "untyped"),
                    _ => ("", kind),
                };
                let text = help.take().and_then(|help| help.strip_prefix(name));
                if let Some(text) = text {
                    page.extend(["# HELP ", name, ending, text, "\n"]);
                }
                page.extend(["# TYPE ", name, ending, " ", kind, "\n"]);
            }
            // The end, and units.
            _ if line.starts_with('#') => {}
            _ => page.extend([line, "\n"]),
        }
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_of_openmetrics_becomes_one_of_prometheus() {
        let open_metrics = "# HELP a_build The program.\n# TYPE a_build info\na_build_info{v=\"1\"} 1\n\
            # HELP a_sends Sends.\n# TYPE a_sends counter\na_sends_total{o=\"# x\"} 7\n\
            # HELP a_late_seconds Late.\n# TYPE a_late_seconds histogram\n# UNIT a_late_seconds seconds\n\
            a_late_seconds_sum 0.5\na_late_seconds_bucket{le=\"+Inf\"} 1\n\
            # TYPE a_jobs gauge\na_jobs 3\n# TYPE a_x unknown\na_x 4\n# EOF\n";

        assert_eq!(
            prometheus(open_metrics),
            "# HELP a_build_info The program.\n# TYPE a_build_info gauge\na_build_info{v=\"1\"} 1\n\
             # HELP a_sends_total Sends.\n# TYPE a_sends_total counter\na_sends_total{o=\"# x\"} 7\n\
             # HELP a_late_seconds Late.\n# TYPE a_late_seconds histogram\n\
             a_late_seconds_sum 0.5\na_late_seconds_bucket{le=\"+Inf\"} 1\n\
             # TYPE a_jobs gauge\na_jobs 3\n# TYPE a_x untyped\na_x 4\n"
        );
    }

    #[test]
    fn a_client_gets_openmetrics_only_if_it_asks_for_it() {
        for (accept, expected) in [
            (None, Exposition::Prometheus),
            (Some("*/*"), Exposition::Prometheus),
            (Some("text/plain;version=0.0.4;q=1,*/*;q=0.1"), Exposition::Prometheus),
            (
                Some("application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.3"),
                Exposition::OpenMetrics,
            ),
            (Some("text/plain, application/openmetrics-text"), Exposition::OpenMetrics),
        ] {
            let mut headers = HeaderMap::new();
            headers.extend(accept.map(|accept| (ACCEPT, accept.parse().unwrap())));

            assert_eq!(wanted(&headers), expected, "{accept:?}");
        }
    }
}
