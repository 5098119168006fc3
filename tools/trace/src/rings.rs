//! Finding the events in the memory of a machine.

use crate::Memory;
use anyhow::{Result, bail, ensure};
use pecan_abi::trace::{LINE_WORDS, MAGIC, RECORD_WORDS, Record};

/// More processors or records than this are none of ours.
const MOST_CPUS: u64 = 1024;
const MOST_RECORDS: u64 = 1 << 24;

/// What the processors of a machine wrote down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rings {
    /// Time-stamp ticks per millisecond; above 0.
    pub khz: u64,
    /// The first thread number of users, sigma0's.
    pub user_base: u64,
    /// One for each processor, by number.
    pub cpus: Vec<Ring>,
}

/// What one processor wrote down.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ring {
    /// The id of its local APIC.
    pub apic_id: u64,
    /// How many events there were that are not here: older ones, and at most one that was being written when the machine
    /// stopped.
    pub lost: u64,
    /// The others, in their order.
    pub records: Vec<Record>,
}

impl Rings {
    /// Reads them; `directory` is the physical address of the kernel's directory.
    ///
    /// # Errors
    /// When there is none, or it is damaged.
    pub fn read(memory: &(impl Memory + ?Sized), directory: u64) -> Result<Self> {
        let head = memory.words(directory, LINE_WORDS)?;
        let [magic, cpus, records, khz, user_base] = [head[0], head[1], head[2], head[3], head[4]];
        if magic != MAGIC {
            bail!("the kernel wrote nothing down: it ended before it began to, or is another one");
        }
        ensure!(
            (1..=MOST_CPUS).contains(&cpus) && (1..=MOST_RECORDS).contains(&records) && khz > 0,
            "the trace is damaged: {cpus} CPUs, rings of {records}, {khz} kHz"
        );
        let line = |cpu| directory + (cpu + 1) * LINE_WORDS as u64 * 8;
        let cpus = (0..cpus).map(|cpu| Ring::read(memory, line(cpu), records));
        Ok(Self {
            khz,
            user_base,
            cpus: cpus.collect::<Result<_>>()?,
        })
    }
}

impl Ring {
    fn read(memory: &(impl Memory + ?Sized), line: u64, size: u64) -> Result<Self> {
        let head = memory.words(line, LINE_WORDS)?;
        let [place, written, apic_id] = [head[0], head[1], head[2]];
        let kept = written.min(size);
        let mut ring = Self {
            apic_id,
            lost: written - kept,
            records: Vec::new(),
        };
        if kept == 0 {
            return Ok(ring);
        }
        let count = usize::try_from(size)?;
        let words = memory.words(place, count * RECORD_WORDS)?;
        let (slots, _) = words.as_chunks::<RECORD_WORDS>();
        for number in written - kept..written {
            let slot = slots[usize::try_from(number % size)?];
            match Record::from_raw(slot).filter(|record| record.is_number(number)) {
                Some(record) => ring.records.push(record),
                None => ring.lost += 1,
            }
        }
        Ok(ring)
    }
}

#[cfg(test)]
mod tests {
    use super::{LINE_WORDS, MAGIC, RECORD_WORDS, Ring, Rings};
    use pecan_abi::trace::{Event, Record};

    const DIRECTORY: u64 = 64;
    const RING: u64 = 1024;
    const SIZE: u64 = 4;

    /// A memory in which a processor has written `written` events, each at the time of its number.
    fn memory(written: u64) -> Vec<u8> {
        let mut words = vec![0u64; 256];
        let at = |address: u64| usize::try_from(address / 8).expect("an index");
        let head = [MAGIC, 1, SIZE, 1000, 48];
        words[at(DIRECTORY)..][..5].copy_from_slice(&head);
        words[at(DIRECTORY) + LINE_WORDS..][..3].copy_from_slice(&[RING, written, 7]);
        for number in 0..written {
            let record = Record {
                time: number,
                number,
                event: Event::Idle,
            };
            let slot = at(RING) + at(number % SIZE * 8 * RECORD_WORDS as u64);
            words[slot..][..RECORD_WORDS].copy_from_slice(&record.to_raw());
        }
        words.iter().flat_map(|word| word.to_le_bytes()).collect()
    }

    fn ring(memory: &[u8]) -> Ring {
        let rings = Rings::read(memory, DIRECTORY).expect("rings");
        assert_eq!(
            (rings.khz, rings.user_base, rings.cpus.len()),
            (1000, 48, 1)
        );
        rings.cpus[0].clone()
    }

    fn times(ring: &Ring) -> Vec<u64> {
        ring.records.iter().map(|record| record.time).collect()
    }

    #[test]
    fn all_is_there_until_the_ring_is_full() {
        for (written, expected) in [(0, vec![]), (3, vec![0, 1, 2]), (4, vec![0, 1, 2, 3])] {
            let ring = ring(&memory(written));
            assert_eq!((times(&ring), ring.lost, ring.apic_id), (expected, 0, 7));
        }
    }

    #[test]
    fn the_oldest_are_lost_first() {
        let ring = ring(&memory(11));
        assert_eq!((times(&ring), ring.lost), (vec![7, 8, 9, 10], 7));
    }

    #[test]
    fn a_record_that_is_half_written_is_lost() {
        let mut memory = memory(6);
        // Number 6 goes where number 2 was; its head is there, and it is not counted yet.
        let slot = usize::try_from(RING).expect("an index") + 2 * RECORD_WORDS * 8;
        let half = Record {
            time: 6,
            number: 6,
            event: Event::Idle,
        };
        memory[slot + 8..slot + 16].copy_from_slice(&half.to_raw()[1].to_le_bytes());
        let ring = ring(&memory);
        assert_eq!((times(&ring), ring.lost), (vec![3, 4, 5], 3));
    }

    #[test]
    fn garbage_is_no_trace() {
        let why = |memory: &[u8]| {
            Rings::read(memory, DIRECTORY)
                .expect_err("garbage")
                .to_string()
        };
        assert!(why(&[0; 4096]).contains("wrote nothing down"));
        assert!(why(&[0xff; 4096]).contains("wrote nothing down"));
        assert!(why(&[]).contains("no memory at 0x40"));
        for (index, word) in [(1, 0), (1, 1 << 40), (2, 0), (2, u64::MAX), (3, 0)] {
            let mut memory = memory(3);
            let place = usize::try_from(DIRECTORY).expect("an index") + index * 8;
            memory[place..place + 8].copy_from_slice(&u64::to_le_bytes(word));
            assert!(why(&memory).contains("damaged"), "{index} {word}");
        }
        let mut memory = memory(3);
        let place = usize::try_from(DIRECTORY).expect("an index") + LINE_WORDS * 8;
        memory[place..place + 8].copy_from_slice(&u64::to_le_bytes(u64::MAX - 7));
        assert!(why(&memory).contains("no memory"));
    }

    #[test]
    fn rings_of_garbage_have_no_records() {
        let mut memory = memory(4);
        let start = usize::try_from(RING).expect("an index");
        memory[start..].fill(0xa5);
        let ring = ring(&memory);
        assert_eq!((ring.records.len(), ring.lost), (0, 4));
    }
}
