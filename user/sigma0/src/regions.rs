//! The book: all physical pages, cut into regions of equal kind and owner.
//!
//! The regions are a *partition*: sorted, without gaps, from page 0 to the end of the numbering, and
//! no two neighbours are alike. Each entry holds where it starts; it ends where the next one starts.
//! Changing a range therefore adds two entries at most, and one owner's consecutive pages are one
//! entry however they were asked for. The storage is a slice that the caller provides; when it is
//! full a change is refused and nothing is altered.

/// What a page is, from the kernel's memory descriptors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing is known about it: never given out.
    Undefined,
    /// RAM: given to one owner, also on a page fault.
    Conventional,
    /// The kernel's: never given out.
    Reserved,
    /// Bound to a device: given to one owner who asks for it explicitly.
    Dedicated,
    /// Given to everyone, any number of times.
    Shared,
    /// Put there by the boot loader: given to one owner who asks for it explicitly.
    Boot,
    /// The architecture's (firmware tables): given to one owner who asks for it explicitly.
    Architecture,
}

/// Who has a page: nobody or the thread with this raw id.
pub type Owner = Option<core::num::NonZeroU64>;

/// Kind and owner of a region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// What the pages are.
    pub kind: Kind,
    /// Who has them.
    pub owner: Owner,
}

impl State {
    /// Pages of `kind` that nobody has yet.
    #[must_use]
    pub const fn free(kind: Kind) -> Self {
        Self { kind, owner: None }
    }
}

/// One entry of the book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// First page (physical address / 4096).
    pub start: u64,
    /// Kind and owner.
    pub state: State,
}

impl Region {
    /// What unused storage is filled with.
    pub const UNUSED: Self = Self {
        start: 0,
        state: State::free(Kind::Undefined),
    };
}

/// One past the last page: physical addresses have at most 52 bits.
pub const END: u64 = 1 << 40;

/// A run of pages `start..end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pages {
    /// First page.
    pub start: u64,
    /// One past the last page; at most [`END`].
    pub end: u64,
}

/// The storage has no room for two more entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Full;

/// The book over storage of the caller's.
#[derive(Debug)]
pub struct Regions<'a> {
    storage: &'a mut [Region],
    len: usize,
}

impl<'a> Regions<'a> {
    /// A book in which everything is undefined. `storage` must have at least one entry.
    #[must_use]
    pub fn new(storage: &'a mut [Region]) -> Self {
        storage[0] = Region::UNUSED;
        Self { storage, len: 1 }
    }

    /// The same book in larger storage; `storage` must not be smaller than the book is long.
    #[must_use]
    pub fn moved_to<'b>(&self, storage: &'b mut [Region]) -> Regions<'b> {
        storage[..self.len].copy_from_slice(self.entries());
        Regions {
            storage,
            len: self.len,
        }
    }

    /// All entries, ascending.
    #[must_use]
    pub fn entries(&self) -> &[Region] {
        &self.storage[..self.len]
    }

    /// How many entries the storage can hold.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.storage.len()
    }

    /// Kind and owner of `page`.
    #[must_use]
    pub fn state(&self, page: u64) -> State {
        self.storage[self.index_of(page)].state
    }

    /// The regions that overlap `pages`, cut to it.
    pub fn within(&self, pages: Pages) -> impl Iterator<Item = (Pages, State)> + '_ {
        (self.index_of(pages.start)..self.len).map_while(move |index| {
            let start = self.storage[index].start.max(pages.start);
            let end = self.end_of(index).min(pages.end);
            (start < end).then_some((Pages { start, end }, self.storage[index].state))
        })
    }

    /// True if the next change cannot be refused.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.len + 2 <= self.storage.len()
    }

    /// Gives all of `pages` the same `state`; an empty run changes nothing.
    pub fn set(&mut self, pages: Pages, state: State) -> Result<(), Full> {
        self.update(pages, |_| state)
    }

    /// Gives every region within `pages` the state that `change` makes of its old one.
    pub fn update(&mut self, pages: Pages, change: impl Fn(State) -> State) -> Result<(), Full> {
        if pages.start >= pages.end || pages.end > END {
            return Ok(());
        }
        if !self.has_room() {
            return Err(Full);
        }
        let first = self.split_at(pages.start);
        let last = if pages.end == END {
            self.len
        } else {
            self.split_at(pages.end)
        };
        for region in &mut self.storage[first..last] {
            region.state = change(region.state);
        }
        self.merge(first.saturating_sub(1), last);
        Ok(())
    }

    /// Index of the region that `page` lies in.
    fn index_of(&self, page: u64) -> usize {
        self.entries()
            .partition_point(|region| region.start <= page)
            - 1
    }

    fn end_of(&self, index: usize) -> u64 {
        if index + 1 < self.len {
            self.storage[index + 1].start
        } else {
            END
        }
    }

    /// Makes a region start at `page`; returns its index. There must be room for one more entry.
    fn split_at(&mut self, page: u64) -> usize {
        let index = self.index_of(page);
        let Region { start, state } = self.storage[index];
        if start == page {
            return index;
        }
        self.storage.copy_within(index + 1..self.len, index + 2);
        self.storage[index + 1] = Region { start: page, state };
        self.len += 1;
        index + 1
    }

    /// Joins equal neighbours among the entries `first..=last`.
    fn merge(&mut self, first: usize, last: usize) {
        let last = last.min(self.len - 1);
        let mut kept = first;
        for index in first + 1..=last {
            if self.storage[index].state != self.storage[kept].state {
                kept += 1;
                self.storage[kept] = self.storage[index];
            }
        }
        self.storage.copy_within(last + 1..self.len, kept + 1);
        self.len -= last - kept;
    }
}

#[cfg(test)]
mod tests;
