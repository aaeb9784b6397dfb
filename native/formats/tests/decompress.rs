//! Compressed bodies: whole, in pieces, concatenated, cut, changed, and too dense.
#![allow(clippy::unwrap_used)]

use formats::{Decompress, DecompressLimits};
use std::io::Write;

fn text() -> Vec<u8> {
    (0..20_000)
        .flat_map(|i| format!("{{\"id\":{i},\"v\":\"text {}\"}}\n", i * 7919 % 1000).into_bytes())
        .collect()
}
fn gzip(data: &[u8]) -> Vec<u8> {
    let mut e = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    e.write_all(data).unwrap();
    e.finish().unwrap()
}
fn zlib(data: &[u8]) -> Vec<u8> {
    let mut e = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    e.write_all(data).unwrap();
    e.finish().unwrap()
}
fn raw(data: &[u8]) -> Vec<u8> {
    let mut e = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
    e.write_all(data).unwrap();
    e.finish().unwrap()
}
fn lz4(data: &[u8], linked: bool) -> Vec<u8> {
    use lz4_flex::frame::{BlockMode, FrameEncoder, FrameInfo};
    let info = FrameInfo::new()
        .block_mode(if linked { BlockMode::Linked } else { BlockMode::Independent })
        .content_checksum(true)
        .block_checksums(linked);
    let mut e = FrameEncoder::with_frame_info(info, Vec::new());
    e.write_all(data).unwrap();
    e.finish().unwrap()
}
fn all(data: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("gzip", gzip(data)),
        ("deflate", zlib(data)),
        ("deflate", raw(data)),
        ("zstd", zstd::encode_all(data, 3).unwrap()),
        ("lz4", lz4(data, false)),
        ("lz4", lz4(data, true)),
    ]
}
fn decode(encoding: &str, data: &[u8], piece: usize, limits: DecompressLimits) -> types::Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut d = Decompress::new(encoding, limits)?;
    for p in data.chunks(piece.max(1)) {
        d.push(p, &mut |b| {
            out.extend_from_slice(b);
            Ok(())
        })?;
    }
    d.finish(&mut |_| Ok(()))?;
    Ok(out)
}

#[test]
fn whole_and_in_pieces() {
    let want = text();
    for (encoding, data) in all(&want) {
        for piece in [1, 1000, data.len()] {
            assert!(
                decode(encoding, &data, piece, DecompressLimits::default()).unwrap() == want,
                "{encoding} by {piece}"
            );
        }
        if encoding != "deflate" {
            let twice = [data.clone(), data.clone()].concat();
            assert_eq!(
                decode(encoding, &twice, 777, DecompressLimits::default()).unwrap().len(),
                want.len() * 2,
                "{encoding}"
            );
        }
    }
}

#[test]
fn cut_or_changed_bodies_are_refused() {
    let want = &text()[..3000];
    for (encoding, data) in all(want) {
        for cut in 0..data.len() {
            assert!(
                decode(encoding, &data[..cut], 100, DecompressLimits::default()).is_err(),
                "{encoding} cut at {cut} of {}",
                data.len()
            );
        }
        let trailing = [data.clone(), b"x".to_vec()].concat();
        assert!(
            decode(encoding, &trailing, 100, DecompressLimits::default()).is_err(),
            "{encoding} with a tail"
        );
        for at in 0..data.len() {
            let mut changed = data.clone();
            changed[at] ^= 0x10;
            let _ = decode(encoding, &changed, 64, DecompressLimits::default());
        }
    }
    let noise: Vec<u8> = std::iter::once(0x11).chain((0..299).map(|i| (i * 37 % 251) as u8)).collect();
    for encoding in ["gzip", "deflate", "zstd", "lz4"] {
        assert!(decode(encoding, &noise, 50, DecompressLimits::default()).is_err(), "{encoding} over noise");
    }
    for name in ["nonsense", "gzip, gzip", "GZIP;q=0", "br"] {
        assert!(Decompress::new(name, DecompressLimits::default()).is_err(), "{name}");
    }
}

#[test]
fn dense_bodies_stop_early() {
    let dense = vec![b'\n'; 16 << 20];
    let limits = DecompressLimits { ratio: 200, ratio_after: 1 << 20, bytes_max: u64::MAX };
    for (encoding, data) in all(&dense) {
        let mut most = 0;
        let mut d = Decompress::new(encoding, limits).unwrap();
        let r = d.push(&data, &mut |b| {
            most += b.len();
            Ok(())
        });
        // LZ4 cannot be denser than about 255 : 1.
        assert!(r.is_err() && most <= (8 << 20) + (data.len() * 201), "{encoding}: {most}");
        assert_eq!(decode(encoding, &data, 4096, DecompressLimits::default()).unwrap().len(), dense.len());
        let small = DecompressLimits { bytes_max: 1000, ..DecompressLimits::default() };
        assert!(decode(encoding, &data, 4096, small).is_err());
    }
}
