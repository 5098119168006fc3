//! The boot image: one archive that carries everything the kernel starts with.
//!
//! QEMU and boot loaders hand a kernel at least one module, so all of Pecan's boot files travel in one.
//! The archive is a plain ustar file, which any `tar` can list. Its first member is `manifest`: a line
//! `<name> <size> <crc32>` for each further member, the size in bytes in decimal, the CRC-32 (IEEE) as
//! eight hexadecimal digits. Then come `sigma0`, `root`, and modules in the order in which they were added.
//! The kernel compares every member with its line before it starts anything.

mod archive;
mod error;

pub use archive::{Image, MANIFEST, ROOT, SIGMA0};
pub use error::PackError;
