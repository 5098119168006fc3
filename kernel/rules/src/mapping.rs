//! Who got which page from whom: the tree behind map, grant and unmap (L4 X.2, mapping).
//!
//! A node stands for one page of one address space, at the address and of the size that the page table has it. A child
//! was mapped from its parent and lies inside of the parent's page; it is never larger and never has a right that the
//! parent lacks. Pages of one space do not overlap. The space that owns all memory has no pages but *regions*: nodes of
//! 1 GiB, the size of the largest pages, that exist as long as they have children.
//!
//! ```text
//!   region 1 GiB of the owner        for each node its children, by size and place, in a search tree;
//!     |- page of space 1
//!     |    |- page of space 2        for each space its pages, by address, in another
//!     |    '- page of space 1
//!     '- page of space 3
//! ```
//!
//! A page of any size can have very many children, as those of a pager do. So nothing goes through them one by one but
//! who takes from each of them.
//!
//! * `node`  one node, at most 64 bytes
//! * `search` the search trees
//! * `pages` the pages of a space by address: at once beside the last one, else in expected logarithmic time
//! * `index` children of a page by place: expected logarithmic time
//! * `tree`  making, moving and removing single nodes, none of which takes longer than finding it does
//! * `sweep` taking back whatever derives from a range, in pieces as short as the caller wants
//!
//! The caller keeps the memory, and keeps two changers apart.

mod index;
mod node;
mod pages;
mod search;
mod sweep;
mod tree;

pub use index::{child_as_large, child_at, first_child, next_sibling};
pub use node::{Handle, Node, SpaceName};
pub use pages::{SLOTS, covering, first_within, forget, group_at, in_group, spans};
pub use sweep::{Scope, Sweep};
pub use tree::{
    NoMemory, Prepared, REGION_LOG2, Spot, add, add_in_group, adopt, drop_if_empty, extend, halve,
    prepare, region, relocate, remove,
};

use pecan_abi::fpage::Rights;

/// Memory for nodes, and the page tables that they stand for.
pub trait Store {
    /// A node.
    fn node(&self, handle: Handle) -> &Node;
    /// A node, to be changed.
    fn node_mut(&mut self, handle: Handle) -> &mut Node;
    /// Memory for a node that holds `node`; `None` if there is no more.
    fn allocate(&mut self, node: Node) -> Option<Handle>;
    /// Gives a node's memory back. Nothing refers to it any more.
    fn free(&mut self, handle: Handle);
    /// Root of the search tree of a space; `None` while it has no pages.
    fn root(&self, space: SpaceName) -> Option<Handle>;
    /// Sets the root of a space's search tree.
    fn set_root(&mut self, space: SpaceName, root: Option<Handle>);
    /// Whether pages of the smallest size stand in groups; if not, nobody calls what follows.
    const GROUPS: bool = false;
    /// The group that `space` remembers.
    fn latest(&self, _space: SpaceName) -> Option<Handle> {
        None
    }
    /// Sets the group that a space remembers.
    fn set_latest(&mut self, _space: SpaceName, _group: Option<Handle>) {}
    /// Memory for a group, a node like `node` with [`SLOTS`] empty slots; `None` if there is no more.
    fn allocate_group(&mut self, _node: Node) -> Option<Handle> {
        None
    }
    /// Gives an empty group's memory back. Nothing refers to it any more.
    fn free_group(&mut self, _group: Handle) {}
    /// What is in a slot.
    fn slot(&self, _group: Handle, _index: usize) -> Option<Handle> {
        None
    }
    /// Fills an empty slot, or empties a full one.
    fn set_slot(&mut self, _group: Handle, _index: usize, _node: Option<Handle>) {}
    /// Whether all slots are empty.
    fn is_empty(&self, _group: Handle) -> bool {
        true
    }
    /// Leaves the page at `address` only the rights `rest`; returns the accesses seen since the last such call, and
    /// forgets them.
    fn narrow(&mut self, space: SpaceName, address: u64, rest: Rights) -> Rights;
    /// Removes the page at `address` from the page table; returns the accesses seen since the last such call.
    fn erase(&mut self, space: SpaceName, address: u64) -> Rights;
}
