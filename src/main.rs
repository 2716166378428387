//! stub
use std::sync::Arc;
fn main() {
    let now: qunfa::daemon::Now = Arc::new(|| chrono::Utc::now());
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    qunfa::demo::run(&now, &mut std::io::stdout()).unwrap();
}
