//! What the design claims of a broadcast's life, one claim a test.

mod life;
mod stepped;
