//! What must hold between tree and set.

use pecan_rules::mapping::{
    Node, SpaceName, Store, covering, first_child, first_within, next_sibling,
};

use super::SPACES;
use super::model::{OWNER, Page};
use super::pair::Pair;

impl Pair {
    /// The tree hangs together, whether or not a sweep is at work.
    pub(super) fn check_links(&self) {
        for (handle, node) in self.memory.nodes() {
            assert_eq!(
                covering(&self.memory, node.space(), node.last()),
                Some(handle)
            );
            let mut child = first_child(&self.memory, handle);
            assert_eq!(child.is_some(), node.has_children());
            while let Some(next) = child {
                let below = self.memory.node(next);
                assert_eq!(below.parent(), Some(handle));
                let end = |node: &Node| (u64::from(node.frame()) << 12) + (1 << node.log2());
                assert!(below.frame() >= node.frame() && end(below) <= end(node));
                assert!(
                    node.rights().contains(below.rights()),
                    "a right from nowhere"
                );
                child = next_sibling(&self.memory, next);
            }
        }
    }

    /// All that the tree says is so in the set, and nothing else.
    pub(super) fn check(&self) {
        self.check_links();
        self.memory.check_groups();
        let pages = self
            .memory
            .nodes()
            .filter(|(_, node)| node.parent().is_some());
        assert_eq!(pages.count(), self.model.pages.len());
        for (place, page) in &self.model.pages {
            let node = self.memory.node(self.handle(*place));
            let shown = self.memory.shown[place];
            assert_eq!((node.address(), node.log2()), (place.1, page.log2));
            assert_eq!((node.rights(), shown.rights), (page.rights, page.rights));
            assert_eq!((shown.log2, shown.seen), (page.log2, page.seen));
            self.check_parent(node, page);
        }
        assert_eq!(self.memory.shown.len(), self.model.pages.len());
        for (_, node) in self.memory.nodes() {
            let region = node.parent().is_none();
            assert!(!region || node.has_children(), "an empty region stays");
        }
        self.check_order();
    }

    fn check_parent(&self, node: &Node, page: &Page) {
        let parent = self
            .memory
            .node(node.parent().expect("a page has a parent"));
        assert_eq!(u64::from(node.frame()) << 12, page.phys);
        match page.parent {
            None => assert_eq!(parent.space(), OWNER),
            Some(place) => assert_eq!((parent.space(), parent.address()), place),
        }
    }

    /// Going through a space from page to page meets all its pages in order.
    fn check_order(&self) {
        for space in 1..=SPACES {
            let mut next = 0;
            let mine = self
                .model
                .pages
                .iter()
                .filter(|(place, _)| place.0.0 == space);
            for (place, page) in mine {
                let found = first_within(&self.memory, place.0, next, u64::MAX);
                assert_eq!(found, Some(self.handle(*place)));
                assert!(
                    place.1 == next
                        || first_within(&self.memory, place.0, next, place.1 - 1)
                            .is_none_or(|found| self.memory.node(found).address() < place.1)
                );
                next = place.1 + page.size();
            }
            assert_eq!(
                first_within(&self.memory, SpaceName(space), next, u64::MAX),
                None
            );
        }
    }
}
