use super::{AtomicUsize, Mailbox, Nodes, Ring};

struct Links([AtomicUsize; 8]);

impl Nodes for Links {
    fn link(&self, node: usize) -> &AtomicUsize {
        &self.0[node]
    }
}

fn links() -> Links {
    Links(Default::default())
}

#[test]
fn nodes_come_in_the_order_of_their_pushes() {
    let (mailbox, links) = (Mailbox::new(), links());
    assert_eq!(mailbox.push(&links, 3), Ring::Needed);
    assert_eq!(mailbox.push(&links, 5), Ring::NotNeeded);
    assert_eq!(mailbox.push(&links, 4), Ring::NotNeeded);
    let mut batch = mailbox.take(&links);
    assert_eq!(
        [batch.next(&links), batch.next(&links), batch.next(&links)],
        [Some(3), Some(5), Some(4)]
    );
    assert_eq!(batch.next(&links), None);
}

#[test]
fn a_node_may_be_pushed_again_while_its_batch_is_drained() {
    let (mailbox, links) = (Mailbox::new(), links());
    let _ = mailbox.push(&links, 3);
    let _ = mailbox.push(&links, 4);
    let mut batch = mailbox.take(&links);
    assert_eq!(batch.next(&links), Some(3));
    assert_eq!(
        mailbox.push(&links, 3),
        Ring::NotNeeded,
        "the owner is draining"
    );
    assert_eq!(batch.next(&links), Some(4));
    assert!(batch.is_empty());
    assert!(!mailbox.leave());
    assert_eq!(mailbox.take(&links).next(&links), Some(3));
    assert!(mailbox.leave());
}

#[test]
fn the_only_node_is_taken_in_one_step() {
    let (mailbox, links) = (Mailbox::new(), links());
    assert_eq!(mailbox.take_only(&links, |_| true), None);
    mailbox.listen();
    assert_eq!(mailbox.push(&links, 3), Ring::NotNeeded);
    mailbox.listen();
    assert_eq!(mailbox.take_only(&links, |node| node != 3), None);
    assert_eq!(mailbox.take_only(&links, |_| true), Some(3));
    assert_eq!(mailbox.push(&links, 4), Ring::Needed, "nobody looks");
    assert_eq!(mailbox.push(&links, 5), Ring::NotNeeded);
    assert_eq!(mailbox.take_only(&links, |_| true), None, "there are two");
    let mut batch = mailbox.take(&links);
    assert_eq!(batch.next(&links), Some(4));
    assert_eq!(batch.next(&links), Some(5));
    assert!(mailbox.leave());
    let _ = mailbox.push(&links, 3);
    let only = mailbox.take_only(&links, |_| true).map(super::Batch::of);
    assert_eq!(only.and_then(|mut batch| batch.next(&links)), Some(3));
}

#[test]
fn a_sleeper_is_rung_and_a_poller_is_not() {
    let (mailbox, links) = (Mailbox::new(), links());
    assert!(mailbox.try_halt());
    assert!(mailbox.is_halted());
    assert_eq!(mailbox.push(&links, 3), Ring::Needed);
    assert!(mailbox.has_mail());
    assert!(!mailbox.try_halt());
    assert_eq!(mailbox.take(&links).next(&links), Some(3));
    assert_eq!(mailbox.push(&links, 4), Ring::NotNeeded);
}
