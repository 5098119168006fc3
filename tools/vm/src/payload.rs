//! What a machine is started with.

use anyhow::{Context, Result, bail};
use pecan_image::{Image, ROOT, SIGMA0};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::{Builder, TempPath};

/// A kernel, an image that lives as long as this value, and a command line.
#[derive(Debug)]
pub struct Payload {
    kernel: PathBuf,
    image: Option<TempPath>,
    command_line: String,
}

impl Payload {
    /// A kernel without an image and with an empty command line.
    pub fn new(kernel: &Path) -> Self {
        Self {
            kernel: kernel.to_owned(),
            image: None,
            command_line: String::new(),
        }
    }

    /// Puts `archive` into a file of its own in `folder`, removed again with this value.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn with_image(mut self, folder: &Path, archive: &[u8]) -> Result<Self> {
        self.image = Some(file(folder, archive)?);
        Ok(self)
    }

    /// The kernel's command line; what follows ` -- ` is for the root task.
    pub fn with_command_line(mut self, text: &str) -> Self {
        self.command_line = text.to_owned();
        self
    }

    /// The kernel's ELF file, in which a panic's addresses are looked up.
    pub fn kernel(&self) -> &Path {
        &self.kernel
    }

    pub(crate) fn image(&self) -> Option<&Path> {
        self.image.as_deref()
    }

    pub(crate) fn command_line(&self) -> &str {
        &self.command_line
    }
}

/// Packs sigma0, a root task and further modules, each named after its file.
///
/// # Errors
/// A file that is missing or is no x86-64 ELF executable where one is needed, and names that clash.
pub fn pack(sigma0: &Path, root: &Path, modules: &[PathBuf]) -> Result<Vec<u8>> {
    let mut image = Image::new();
    image.add(SIGMA0, program(sigma0)?)?;
    image.add(ROOT, program(root)?)?;
    for module in modules {
        let name = module
            .file_name()
            .with_context(|| format!("{} names no file", module.display()))?;
        image.add(&name.to_string_lossy(), read(module)?)?;
    }
    Ok(image.pack()?)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("{} cannot be read", path.display()))
}

fn program(path: &Path) -> Result<Vec<u8>> {
    let content = read(path)?;
    // Class 64-bit, little-endian; machine 62 is x86-64.
    let is_elf = content.starts_with(b"\x7fELF\x02\x01") && content.get(18..20) == Some(&[62, 0]);
    if !is_elf {
        bail!(
            "{} is not an ELF64 executable for x86-64: give the file that the linker wrote",
            path.display()
        );
    }
    Ok(content)
}

fn file(folder: &Path, archive: &[u8]) -> Result<TempPath> {
    fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let named = Builder::new()
        .prefix("image-")
        .suffix(".tar")
        .tempfile_in(folder);
    let mut file = named.with_context(|| format!("{} takes no file", folder.display()))?;
    file.write_all(archive)
        .with_context(|| format!("{} cannot be written", file.path().display()))?;
    Ok(file.into_temp_path())
}

#[cfg(test)]
mod tests {
    use super::Payload;
    use std::fs;
    use std::path::Path;

    #[test]
    fn an_image_is_there_as_long_as_its_payload() {
        let folder = tempfile::tempdir().expect("a folder");
        let inner = folder.path().join("not there yet");
        let payload = || Payload::new(Path::new("pecan")).with_image(&inner, b"archive");
        let (one, other) = (payload().expect("a file"), payload().expect("another"));
        let path = one.image().expect("an image").to_owned();
        assert_ne!(Some(path.as_path()), other.image());
        assert_eq!(fs::read(&path).expect("the file"), b"archive");
        drop(one);
        assert!(!path.exists() && other.image().is_some_and(Path::exists));
    }
}
