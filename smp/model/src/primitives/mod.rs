//! The primitives under loom.
//!
//! A mutant panics inside loom; its test expects the message of the assertion that
//! must catch it, so that a mutant that fails for another reason does not pass.

mod alone;
mod home;
mod mailbox;
mod mutants;
mod request;
mod shootdown;
mod turns;

/// Explores `model` with at most three preemptions per run.
fn explore(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(model);
}

/// Links for nodes numbered from `FIRST_NODE`.
struct Links([loom::sync::atomic::AtomicUsize; 4]);

impl Links {
    fn new() -> Self {
        Self(std::array::from_fn(|_| {
            loom::sync::atomic::AtomicUsize::new(0)
        }))
    }
}

impl pecan_smp::mailbox::Nodes for Links {
    fn link(&self, node: usize) -> &loom::sync::atomic::AtomicUsize {
        &self.0[node - pecan_smp::mailbox::FIRST_NODE]
    }
}
