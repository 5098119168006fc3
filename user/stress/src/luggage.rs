//! The strings of an operation: what goes out, and where what comes in may be put.

use l4::ipc::Received;
use l4::string::{self, Buffers, CacheHint, LongMessage};
use l4::{IpcError, Message, ThreadId, Time, Timeouts};
use stress::letter::Letter;
use stress::places::Places;
use stress::plan::Space;
use stress::random::Random;
use stress::strings::{LONGEST, Lengths, MOST_STRINGS};
use stress::wrong::What;

use crate::area::{self, Side};
use crate::board::RUN;

/// What an operation has besides words.
pub(crate) struct Luggage {
    /// The lengths of the strings that it sends.
    pub(crate) lengths: Lengths,
    strings: Places,
    hint: CacheHint,
    buffers: Places,
    /// How long they may take, while sending and while receiving.
    pub(crate) limits: Timeouts,
}

impl Luggage {
    /// Packs the strings of `letter`, if there is one, for worker `index`, and offers buffers if it receives.
    pub(crate) fn pack(
        index: usize,
        random: &mut Random,
        letter: Option<Letter>,
        receives: bool,
    ) -> Self {
        let style = RUN.style();
        let mut luggage = Self {
            lengths: letter.map_or_else(Lengths::default, |letter| letter.strings(style)),
            strings: Places::NONE,
            hint: CacheHint::Default,
            buffers: Places::NONE,
            limits: Timeouts::NEVER,
        };
        if !style.long {
            return luggage;
        }
        luggage.limits = Timeouts::new(limit(random), limit(random));
        // SAFETY: the worker's own, dropped at the end of this function.
        let [outgoing, incoming] = unsafe { area::both(index) };
        if let Some(letter) = letter.filter(|_| !luggage.lengths.is_empty()) {
            luggage.hint = [
                CacheHint::Default,
                CacheHint::One,
                CacheHint::Two,
                CacheHint::Three,
            ][random.below(4) as usize];
            luggage.strings = Places::draw(random, luggage.lengths.as_slice());
            area::fill(outgoing, &luggage.strings, letter.start(style));
        }
        if receives {
            luggage.buffers = offer(random);
            area::clear(incoming);
        }
        if luggage.is_heavy() && RUN.worker(index).space != Space::Root && random.chance(70) {
            area::lose_some_pages(index, random);
        }
        luggage
    }

    /// Whether strings may go or come.
    pub(crate) fn is_heavy(&self) -> bool {
        !self.lengths.is_empty() || !self.buffers.sizes().is_empty()
    }

    /// Sends and receives, for worker `index`.
    pub(crate) fn exchange(
        &self,
        index: usize,
        [to, from]: [ThreadId; 2],
        limits: Timeouts,
        message: Message,
    ) -> Result<Received, IpcError> {
        let mut long = LongMessage::new(message).cache_hint(self.hint);
        for place in self.strings.as_slice() {
            // SAFETY: the worker's own, in places that do not overlap.
            let pieces = unsafe { area::pieces(index, Side::Outgoing, place) };
            let pieces = pieces.map(|piece| &*piece);
            long = long.gather(&pieces[..place.pieces().len()]);
        }
        let mut buffers = Buffers::new();
        for place in self.buffers.as_slice() {
            // SAFETY: as above.
            let [first, second, third] = unsafe { area::pieces(index, Side::Incoming, place) };
            buffers = match place.pieces().len() {
                1 => buffers.buffer(first),
                2 => buffers.scatter([first, second]),
                _ => buffers.scatter([first, second, third]),
            };
        }
        string::xfer_within(self.limits, || {
            string::exchange(to, from, limits, &long, buffers)
        })
    }

    /// Proves that the strings of `letter` are what worker `index` got: all of them, or if it was cut the first `arrived`
    /// bytes.
    ///
    /// # Errors
    /// What is wrong.
    pub(crate) fn verify(
        &self,
        index: usize,
        letter: Letter,
        arrived: Option<usize>,
    ) -> Result<(), (What, u64)> {
        let style = RUN.style();
        if !style.long {
            return Ok(());
        }
        let lengths = letter.strings(style);
        let overflow = lengths.overflow(self.buffers.sizes());
        if arrived.is_none()
            && let Some(offset) = overflow
        {
            return Err((What::Item, offset as u64));
        }
        let arrived = arrived.unwrap_or(lengths.total());
        if arrived > overflow.unwrap_or(lengths.total()) {
            return Err((What::Offset, arrived as u64));
        }
        // SAFETY: the worker's own, dropped at the end of this function.
        let [_, incoming] = unsafe { area::both(index) };
        let start = letter.start(style);
        area::verify(incoming, &self.buffers, lengths.as_slice(), arrived, start)
    }

    /// After how many bytes the strings of `letter` overflow the buffers, if they do.
    pub(crate) fn overflow(&self, letter: Letter) -> Option<u64> {
        let lengths = letter.strings(RUN.style());
        lengths.overflow(self.buffers.sizes()).map(|at| at as u64)
    }
}

/// How long strings may take: mostly as long as they want.
fn limit(random: &mut Random) -> Time {
    match random.below(10) {
        0..6 => Time::NEVER,
        6 | 7 => Time::ZERO,
        _ => Time::period(random.between(100, 3000)),
    }
}

/// Mostly room for everything that may come.
fn offer(random: &mut Random) -> Places {
    let mut sizes = [LONGEST; MOST_STRINGS];
    let count = match random.below(10) {
        0 => 0,
        1 | 2 => {
            for size in &mut sizes {
                *size = random.below(LONGEST as u64 + 1) as usize;
            }
            random.between(1, MOST_STRINGS as u64) as usize
        }
        _ => MOST_STRINGS,
    };
    Places::draw(random, &sizes[..count])
}
