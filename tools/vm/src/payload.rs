//! What a machine is started with.

use anyhow::{Context, Result, bail};
use pecan_image::{Image, ROOT, SIGMA0};
use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

/// A kernel, an image that lives as long as this value, and a command line.
#[derive(Debug)]
pub struct Payload {
    kernel: PathBuf,
    image: Option<ImageFile>,
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
        self.image = Some(ImageFile::write(folder, archive)?);
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
        self.image.as_ref().map(|image| image.path.as_path())
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

#[derive(Debug)]
struct ImageFile {
    path: PathBuf,
}

impl ImageFile {
    fn write(folder: &Path, archive: &[u8]) -> Result<Self> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!("image-{}-{number}.tar", process::id()));
        fs::create_dir_all(folder)
            .with_context(|| format!("{} cannot be made", folder.display()))?;
        fs::write(&path, archive)
            .with_context(|| format!("{} cannot be written", path.display()))?;
        Ok(Self { path })
    }
}

impl Drop for ImageFile {
    fn drop(&mut self) {
        // A file that is left behind costs space and nothing else.
        let _ = fs::remove_file(&self.path);
    }
}
