//! One test binary: scenarios, the simulation, the command line, real processes, import rules.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

mod canaries;
mod cli;
mod cli_errands;
mod cli_plan;
mod cli_quota;
mod cli_status;
mod cli_submit;
mod cli_tools;
mod disk;
mod e2e;
mod e2e_approval;
mod e2e_articles;
mod e2e_crashes;
mod e2e_errands;
mod e2e_files;
mod e2e_forward;
mod e2e_listener;
mod e2e_process;
mod imports;
mod kill;
mod notify;
mod oracle;
mod planted;
mod rig;
mod scenarios;
mod schema;
mod simulation;
mod submit;
mod tap;
mod unit;
mod upgrade;
mod uploads;
mod views;
mod world;
mod writer;
