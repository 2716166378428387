//! qunfa (群发): planned broadcasts for WeChat Official Accounts, inside the platform's quotas and
//! never twice.

pub mod calendar;
pub mod cli;
pub mod config;
pub mod daemon;
pub mod demo;
pub mod engine;
pub mod inbox;
pub mod model;
pub mod plan;
pub mod quota;
pub mod sandbox;
pub mod store;
pub mod wechat;
