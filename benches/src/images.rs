//! Images beside nothing but the decompression of their layers, with the same libraries and on the same cores: what a scan of an image
//! cannot do without.
//!
//! The other side is this program itself, called as `decompress LAYOUT`. It reads the layers as the scan does, several at once, and throws
//! away what comes out: it checks no digest, reads no archive and looks at nothing.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, bail};
use serde_json::Value;
use sirocco::Format;
use sirocco::inflate::Reader;

use crate::runs::Pair;
use crate::{fixtures, memory};

/// Counted runs of each.
const RUNS: usize = 5;

/// Bytes that a decoder is handed at once, and that it hands out at once.
const INPUT_BYTES: usize = 64 << 10;
const OUTPUT_BYTES: usize = 256 << 10;

/// Prints throughput and peak memory for each layout; without any, for one that is made of this machine's own programs and
/// documents.
pub(crate) fn all(program: &Path, layouts: &[&Path]) -> anyhow::Result<()> {
    if !layouts.is_empty() {
        return layouts.iter().try_for_each(|layout| one(program, layout));
    }
    let folder = fixtures::image()?;
    one(program, folder.path())
}

fn one(program: &Path, layout: &Path) -> anyhow::Result<()> {
    let scan = || {
        let options = ["--no-layer-cache", "--allow-incomplete"];
        crate::scan(program, layout, &options)
    };
    let mut decompress = Command::new(std::env::current_exe()?);
    decompress.arg("decompress").arg(layout);
    let unpacked = unpacked_bytes(layout)?;
    println!(
        "{}: {} layers, {} MiB that unpack to {} MiB",
        layout.display(),
        layers(layout)?.len(),
        stored_bytes(layout)? >> 20,
        unpacked >> 20
    );
    let pair = Pair::of(RUNS, &mut decompress, &mut scan())?;
    println!("decompression of its layers against a scan of it: {pair}");
    let peak = memory::peak_anonymous(&mut scan()).context("memory")?;
    println!("{} MiB of anonymous memory at the peak", peak >> 20);
    Ok(())
}

/// The files of the layers, in the order of the manifest.
fn layers(layout: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let blob = |descriptor: &Value| -> anyhow::Result<PathBuf> {
        let digest = descriptor["digest"].as_str().context("a digest")?;
        let (algorithm, digits) = digest.split_once(':').context("a digest")?;
        Ok(layout.join("blobs").join(algorithm).join(digits))
    };
    let read = |path: PathBuf| -> anyhow::Result<Value> {
        Ok(serde_json::from_slice(&std::fs::read(path)?)?)
    };
    let mut found = Vec::new();
    let index = read(layout.join("index.json"))?;
    let mut left: Vec<Value> = index["manifests"].as_array().context("manifests")?.clone();
    while let Some(descriptor) = left.pop() {
        let document = read(blob(&descriptor)?)?;
        left.extend(
            document["manifests"]
                .as_array()
                .into_iter()
                .flatten()
                .cloned(),
        );
        for layer in document["layers"].as_array().into_iter().flatten() {
            let file = blob(layer)?;
            if !found.contains(&file) {
                found.push(file);
            }
        }
    }
    Ok(found)
}

fn stored_bytes(layout: &Path) -> anyhow::Result<u64> {
    let mut sum = 0;
    for layer in layers(layout)? {
        sum += layer.metadata()?.len();
    }
    Ok(sum)
}

fn unpacked_bytes(layout: &Path) -> anyhow::Result<u64> {
    let mut sum = 0;
    for layer in layers(layout)? {
        sum += decompressed(&layer)?;
    }
    Ok(sum)
}

/// Decompresses all layers of the layout, on all cores, and throws away what comes out.
pub(crate) fn decompress(layout: &Path) -> anyhow::Result<()> {
    let layers = layers(layout)?;
    let next = AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let work = || -> anyhow::Result<()> {
        while let Some(layer) = layers.get(next.fetch_add(1, Ordering::Relaxed)) {
            decompressed(layer)?;
        }
        Ok(())
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .try_for_each(|worker| match worker.join() {
                Ok(ended) => ended,
                Err(_panic) => bail!("a decoder panicked"),
            })
    })
}

/// How many bytes the layer unpacks to.
fn decompressed(layer: &Path) -> anyhow::Result<u64> {
    let name = || layer.display().to_string();
    let mut file = BufReader::with_capacity(INPUT_BYTES, File::open(layer).with_context(name)?);
    let mut mark = [0; 4];
    file.read_exact(&mut mark)?;
    file.seek_relative(-4)?;
    let thrown_away = |decoder: &mut dyn Read| -> anyhow::Result<u64> {
        let mut buffer = vec![0; OUTPUT_BYTES];
        let mut sum = 0;
        loop {
            match decoder.read(&mut buffer).with_context(name)? {
                0 => return Ok(sum),
                count => sum += count as u64,
            }
        }
    };
    match mark {
        [0x1f, 0x8b, ..] => {
            let mut sum = 0;
            // Members of gzip may stand behind one another.
            while !file.fill_buf()?.is_empty() {
                let mut member = Reader::new(Format::Gzip, file);
                sum += thrown_away(&mut member)?;
                file = member.into_inner();
            }
            Ok(sum)
        }
        [0x28, 0xb5, 0x2f, 0xfd] => thrown_away(&mut zstd::Decoder::with_buffer(file)?),
        _ => thrown_away(&mut file),
    }
}
