//! Building a block of boot records.

use super::{
    EXECUTABLE, EXECUTABLE_SIZE, Executable, HEADER_SIZE, Header, MODULE, MODULE_SIZE, Module,
    RECORD_HEAD, Region, VERSION,
};

/// Builds boot records in a buffer.
#[derive(Debug)]
pub struct Writer<'a> {
    buffer: &'a mut [u8],
    end: usize,
    entries: u64,
}

impl<'a> Writer<'a> {
    /// Starts a block in `buffer`; `None` if not even the header fits.
    pub fn new(buffer: &'a mut [u8]) -> Option<Self> {
        if buffer.len() < HEADER_SIZE {
            return None;
        }
        Some(Self {
            buffer,
            end: HEADER_SIZE,
            entries: 0,
        })
    }

    /// Adds a file with its command line. `None` if it does not fit: the block then stays as it was.
    pub fn module(&mut self, module: Module, command_line: &str) -> Option<()> {
        self.record(
            MODULE,
            &[module.start, module.size, MODULE_SIZE as u64],
            command_line,
        )
    }

    /// Adds a program with its command line. `None` if it does not fit: the block then stays as it was.
    pub fn executable(&mut self, executable: Executable, command_line: &str) -> Option<()> {
        let Executable {
            text,
            data,
            bss,
            ip,
            flags,
            label,
        } = executable;
        let mut fields = [0; 13];
        for (
            words,
            Region {
                physical,
                virt,
                size,
            },
        ) in fields.chunks_exact_mut(3).zip([text, data, bss])
        {
            words.copy_from_slice(&[physical, virt, size]);
        }
        fields[9..].copy_from_slice(&[ip, flags, label, EXECUTABLE_SIZE as u64]);
        self.record(EXECUTABLE, &fields, command_line)
    }

    /// Writes the header and returns the size of the block in bytes, a multiple of 8.
    pub fn finish(self) -> usize {
        let header = Header {
            size: self.end as u64,
            first: HEADER_SIZE as u64,
            entries: self.entries,
        };
        put(&mut self.buffer[..HEADER_SIZE], &header.words());
        self.end
    }

    fn record(&mut self, kind: u64, fields: &[u64], command_line: &str) -> Option<()> {
        let fixed = RECORD_HEAD + 8 * fields.len();
        let size = (fixed + command_line.len() + 1).next_multiple_of(8);
        let record = self.buffer.get_mut(self.end..)?.get_mut(..size)?;
        record.fill(0);
        put(record, &[kind, VERSION, size as u64]);
        put(&mut record[RECORD_HEAD..], fields);
        record[fixed..fixed + command_line.len()].copy_from_slice(command_line.as_bytes());
        self.end += size;
        self.entries += 1;
        Some(())
    }
}

fn put(bytes: &mut [u8], words: &[u64]) {
    for (bytes, word) in bytes.chunks_exact_mut(8).zip(words) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
}
