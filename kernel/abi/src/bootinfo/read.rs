//! Walking through a block of boot records.

use super::{
    EXECUTABLE, Executable, HEADER_SIZE, Header, MODULE, Module, RECORD_HEAD, Record, Region,
};

/// Walks through boot records; ends early where the block makes no sense.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    block: &'a [u8],
    next: usize,
    left: u64,
}

impl<'a> Reader<'a> {
    /// The records in a block; `None` if there is no proper header. The block may be longer than its header says.
    pub fn new(block: &'a [u8]) -> Option<Self> {
        let header = Header::from_words(words(block, 0)?)?;
        let block = block.get(..usize::try_from(header.size).ok()?)?;
        let next = usize::try_from(header.first).ok()?;
        if next < HEADER_SIZE {
            return None;
        }
        Some(Self {
            block,
            next,
            left: header.entries,
        })
    }

    fn record(&mut self) -> Option<(Record, &'a [u8])> {
        self.left = self.left.checked_sub(1)?;
        let [kind, _version, size] = words(self.block, self.next)?;
        let rest = self.block.get(self.next..)?;
        let (record, line) = match kind {
            MODULE => module(rest)?,
            EXECUTABLE => executable(rest)?,
            other => (Record::Other(other), 0),
        };
        let size = usize::try_from(size).ok()?;
        if size < RECORD_HEAD && self.left > 0 {
            return None;
        }
        self.next = self.next.checked_add(size)?;
        Some((record, command_line(rest, line)))
    }
}

impl<'a> Iterator for Reader<'a> {
    /// A record and its command line.
    type Item = (Record, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let record = self.record();
        if record.is_none() {
            self.left = 0;
        }
        record
    }
}

fn module(record: &[u8]) -> Option<(Record, u64)> {
    let [start, size, line] = words(record, RECORD_HEAD)?;
    Some((Record::Module(Module { start, size }), line))
}

fn executable(record: &[u8]) -> Option<(Record, u64)> {
    let region = |at| {
        words(record, at).map(|[physical, virt, size]| Region {
            physical,
            virt,
            size,
        })
    };
    let [ip, flags, label, line] = words(record, 0x60)?;
    let (text, data, bss) = (region(0x18)?, region(0x30)?, region(0x48)?);
    Some((
        Record::Executable(Executable {
            text,
            data,
            bss,
            ip,
            flags,
            label,
        }),
        line,
    ))
}

/// The bytes from offset `line` (0: none) to the next zero byte.
fn command_line(record: &[u8], line: u64) -> &[u8] {
    let bytes = match usize::try_from(line) {
        Ok(0) | Err(_) => return &[],
        Ok(at) => record.get(at..).unwrap_or(&[]),
    };
    bytes.split(|&byte| byte == 0).next().unwrap_or(&[])
}

fn words<const N: usize>(bytes: &[u8], at: usize) -> Option<[u64; N]> {
    let bytes = bytes.get(at..)?.get(..8 * N)?;
    let mut words = [0; N];
    for (word, bytes) in words.iter_mut().zip(bytes.chunks_exact(8)) {
        *word = u64::from_le_bytes(bytes.try_into().ok()?);
    }
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::super::Writer;
    use super::*;

    const ROOT: Executable = Executable {
        text: Region {
            physical: 0x100_0000,
            virt: 0x100_0000,
            size: 0x4000,
        },
        data: Region {
            physical: 0x100_4000,
            virt: 0x100_4000,
            size: 0x1000,
        },
        bss: Region {
            physical: 0x100_5000,
            virt: 0x100_5000,
            size: 0x2000,
        },
        ip: 0x100_0040,
        flags: super::super::ELF64,
        label: 7,
    };
    const FILE: Module = Module {
        start: 0x1D_B000,
        size: 0x3_E548,
    };

    fn block(buffer: &mut [u8]) -> usize {
        let mut writer = Writer::new(buffer).expect("header fits");
        writer.executable(ROOT, "root a=1").expect("fits");
        writer.module(FILE, "").expect("fits");
        writer.finish()
    }

    #[test]
    fn what_is_written_is_read() {
        let mut buffer = [0xAA; 512];
        let size = block(&mut buffer);
        let records: [_; 2] = [
            (Record::Executable(ROOT), &b"root a=1"[..]),
            (Record::Module(FILE), &b""[..]),
        ];
        assert!(Reader::new(&buffer).expect("header").eq(records));
        assert!(Reader::new(&buffer[..size]).expect("header").eq(records));
    }

    #[test]
    fn layout_is_that_of_the_interface() {
        let mut buffer = [0xAA; 512];
        let size = block(&mut buffer) as u64;
        let first: [u64; 8] = words(&buffer, 0).expect("header");
        assert_eq!(first, [0x14B0_021D, 1, size, 0x40, 2, 0, 0, 0]);
        let root: [u64; 16] = words(&buffer, 0x40).expect("record");
        assert_eq!(root[..3], [2, 1, 0x90]);
        assert_eq!(
            (root[0x60 / 8], root[0x68 / 8], root[0x78 / 8]),
            (0x100_0040, 2, 0x80)
        );
        let file: [u64; 6] = words(&buffer, 0x40 + 0x90).expect("record");
        assert_eq!(file, [1, 1, 0x38, 0x1D_B000, 0x3_E548, 0x30]);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert!(Writer::new(&mut [0; 63]).is_none());
        let mut buffer = [0; 64 + 0x38];
        let mut writer = Writer::new(&mut buffer).expect("header fits");
        assert!(writer.executable(ROOT, "").is_none());
        assert!(writer.module(FILE, "12345678").is_none());
        assert!(writer.module(FILE, "1234567").is_some());
        assert_eq!(writer.finish(), 64 + 0x38);
        assert_eq!(Reader::new(&buffer).expect("header").count(), 1);
    }

    #[test]
    fn damage_ends_the_walk() {
        let mut buffer = [0; 512];
        let size = block(&mut buffer);
        assert!(Reader::new(&buffer[..size - 1]).is_none());
        buffer[0x40 + 0x10] = 0;
        assert_eq!(
            Reader::new(&buffer).expect("header").count(),
            0,
            "a record of size 0 would repeat for ever"
        );
        buffer[0x40 + 0x10..0x40 + 0x18].fill(0xFF);
        assert_eq!(Reader::new(&buffer).expect("header").count(), 0);
        buffer[0] = 0;
        assert!(Reader::new(&buffer).is_none());
    }
}
