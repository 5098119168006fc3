//! The memory of a machine that has ended.

use anyhow::{Context, Result};
use std::fs::File;
use std::os::unix::fs::FileExt;

/// Physical memory, read in words.
pub trait Memory {
    /// Fills `bytes` with what lies at a physical address.
    ///
    /// # Errors
    /// When there is no memory.
    fn read(&self, address: u64, bytes: &mut [u8]) -> Result<()>;

    /// `count` words at a physical address.
    ///
    /// # Errors
    /// When there is no memory.
    fn words(&self, address: u64, count: usize) -> Result<Vec<u64>> {
        let mut bytes = vec![0; count * 8];
        self.read(address, &mut bytes)?;
        let (words, _) = bytes.as_chunks();
        Ok(words.iter().map(|word| u64::from_le_bytes(*word)).collect())
    }
}

/// A file whose first byte is at address 0.
impl Memory for File {
    fn read(&self, address: u64, bytes: &mut [u8]) -> Result<()> {
        self.read_exact_at(bytes, address)
            .with_context(|| format!("there is no memory at {address:#x}"))
    }
}

/// Memory that begins at address 0.
impl Memory for [u8] {
    fn read(&self, address: u64, bytes: &mut [u8]) -> Result<()> {
        let start = usize::try_from(address).ok();
        let range = start.and_then(|start| Some(start..start.checked_add(bytes.len())?));
        let found = range.and_then(|range| self.get(range));
        bytes
            .copy_from_slice(found.with_context(|| format!("there is no memory at {address:#x}"))?);
        Ok(())
    }
}
