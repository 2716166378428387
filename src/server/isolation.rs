//! Work whose panic does not end the process: it holds nothing that the daemon goes on with.

use std::cell::Cell;

thread_local! {
    static ISOLATED: Cell<bool> = const { Cell::new(false) };
}

/// Does such work.
pub(super) fn isolated<T>(work: impl FnOnce() -> T) -> T {
    struct Reset(bool);
    impl Drop for Reset {
        fn drop(&mut self) {
            ISOLATED.set(self.0);
        }
    }
    let _reset = Reset(ISOLATED.replace(true));
    work()
}

/// Returns whether what this thread does now is such work.
pub fn is_isolated() -> bool {
    ISOLATED.get()
}

#[cfg(test)]
mod tests {
    use super::{is_isolated, isolated};

    #[test]
    fn only_the_work_itself_may_panic_without_ending_the_process() {
        assert!(!is_isolated());
        assert!(isolated(is_isolated));
        assert!(!is_isolated());
        std::panic::catch_unwind(|| isolated(|| panic!("of the test"))).unwrap_err();
        assert!(!is_isolated());
    }
}
