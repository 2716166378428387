//! STUB of this branch but for [`bodies`]: the engine's own module is merged by hand.

use crate::model::{Action, Audience, JobSpec, batch_lengths};
use crate::store::BatchBody;
use crate::wechat::protocol;

/// Returns the fixed bodies of a job's batches, in order.
pub fn bodies(spec: &JobSpec) -> Vec<BatchBody> {
    let Action::Broadcast(broadcast) = &spec.action;
    let Audience::List(list) = &broadcast.audience else {
        return vec![BatchBody { body: protocol::body(broadcast, None), receivers: None }];
    };
    let mut rest = list.as_slice();
    let mut bodies = Vec::new();
    for length in batch_lengths(list.len()) {
        let (these, others) = rest.split_at(length);
        rest = others;
        let receivers = u32::try_from(length).ok();
        bodies.push(BatchBody { body: protocol::body(broadcast, Some(these)), receivers });
    }
    bodies
}
