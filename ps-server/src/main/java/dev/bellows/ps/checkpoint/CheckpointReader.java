package dev.bellows.ps.checkpoint;

import dev.bellows.engine.model.FolderFiles;
import dev.bellows.engine.model.Json;
import dev.bellows.engine.model.ModelFileException;
import dev.bellows.engine.model.Safetensors;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads files of a checkpoint and believes nothing that the manifest does not confirm. */
final class CheckpointReader {

  private static final int MAX_MANIFEST_BYTES = 64 << 20;
  private static final int BUFFER_BYTES = 64 * 1024;

  private final FolderFiles files;

  CheckpointReader(FolderFiles files) {
    this.files = files;
  }

  /**
   * Reads the manifest; kind ABSENT when there is none, which is what an unfinished write leaves.
   */
  Manifest manifest(String folder, long step) throws CheckpointException {
    String path = folder + "/" + Manifest.NAME;
    byte[] bytes;
    try (InputStream in = files.open(path)) {
      bytes = in.readNBytes(MAX_MANIFEST_BYTES + 1);
    } catch (FileNotFoundException e) {
      throw new CheckpointException(
          CheckpointException.Kind.ABSENT,
          where(path) + ": there is no manifest, so the checkpoint was never finished",
          e);
    } catch (IOException e) {
      throw unreadable(path, e);
    }
    Manifest manifest = Manifest.decode(bytes, where(path));
    if (manifest.step() != step) {
      throw corrupt(where(path) + ": it is about step " + manifest.step(), null);
    }
    return manifest;
  }

  Checkpoint load(String folder, Manifest manifest) throws CheckpointException {
    byte[] stateBytes = stateBytes(folder, manifest.state());
    Map<String, @Nullable Object> state;
    try {
      state = Json.parseObject(stateBytes, where(folder + "/" + Manifest.STATE_NAME));
    } catch (ModelFileException e) {
      throw corrupt(String.valueOf(e.getMessage()), e);
    }
    List<ShardPart> parts = new ArrayList<>();
    for (CheckpointFile file : manifest.shards()) {
      parts.add(shard(folder, file, manifest.slots()));
    }
    return Checkpoint.join(manifest.step(), manifest.length(), manifest.slots(), parts, state);
  }

  /** Reads all bytes of a file and compares them with its entry, keeping nothing. */
  void check(String folder, CheckpointFile expected) throws CheckpointException {
    String path = folder + "/" + expected.name();
    checkLength(path, expected);
    try (FingerprintStream in = new FingerprintStream(files.open(path))) {
      in.drain();
      compare(path, expected, in.finish(expected));
    } catch (CheckpointException e) {
      throw e;
    } catch (IOException e) {
      throw unreadable(path, e);
    }
  }

  private byte[] stateBytes(String folder, CheckpointFile expected) throws CheckpointException {
    String path = folder + "/" + expected.name();
    checkLength(path, expected);
    if (expected.lengthBytes() > Json.Limits.DEFAULT.maxBytes()) {
      throw corrupt(where(path) + ": the state is too long: " + expected.lengthBytes(), null);
    }
    try (FingerprintStream in = new FingerprintStream(files.open(path))) {
      byte[] bytes = in.readNBytes((int) expected.lengthBytes());
      in.drain();
      compare(path, expected, in.finish(expected));
      return bytes;
    } catch (CheckpointException e) {
      throw e;
    } catch (IOException e) {
      throw unreadable(path, e);
    }
  }

  private ShardPart shard(String folder, CheckpointFile expected, int slots)
      throws CheckpointException {
    String path = folder + "/" + expected.name();
    try {
      return part(path, expected, slots, contents(path, expected));
    } catch (CheckpointException e) {
      throw e;
    } catch (IOException e) {
      throw unreadable(path, e);
    }
  }

  /** Reads rows of a sparse table. */
  RowPart rows(String folder, CheckpointFile expected) throws CheckpointException {
    String path = folder + "/" + expected.name();
    try {
      Safetensors.Contents contents = contents(path, expected);
      Map<String, String> metadata = contents.header().metadata();
      List<Long> shape = List.of();
      for (Safetensors.Entry entry : contents.header().entries()) {
        shape = entry.name().equals(RowPart.ROWS) ? entry.shape() : shape;
      }
      if (shape.size() != 3) {
        throw corrupt(where(path) + ": rows must be [n, 1 + slots, width], found " + shape, null);
      }
      return new RowPart(
          Integer.parseInt(metadata.getOrDefault("table", "")),
          Integer.parseInt(metadata.getOrDefault("part", "")),
          Math.toIntExact(shape.get(2)),
          RowPart.numbers(contents.get(RowPart.KEYS)),
          RowPart.numbers(contents.get(RowPart.UPDATES)),
          contents.get(RowPart.ROWS));
    } catch (CheckpointException e) {
      throw e;
    } catch (IOException e) {
      throw unreadable(path, e);
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw corrupt(where(path) + ": " + e.getMessage(), e);
    }
  }

  /** Reads a file of tensors whose bytes are those that the manifest names. */
  private Safetensors.Contents contents(String path, CheckpointFile expected) throws IOException {
    checkLength(path, expected);
    try (FingerprintStream in = new FingerprintStream(files.open(path))) {
      Safetensors.@Nullable Contents contents = null;
      ModelFileException malformed = null;
      try {
        contents = Safetensors.read(in, expected.lengthBytes(), where(path));
      } catch (ModelFileException e) {
        malformed = e; // The checksums tell better where the damage is.
      }
      in.drain();
      compare(path, expected, in.finish(expected));
      if (contents == null) {
        throw corrupt(malformed == null ? where(path) : malformed.getMessage(), malformed);
      }
      return contents;
    }
  }

  private ShardPart part(
      String path, CheckpointFile expected, int slots, Safetensors.Contents contents)
      throws IOException {
    int length = expected.to() - expected.from();
    float[][] slotValues = new float[slots][];
    float[] values = contents.get(CheckpointWriter.valuesName());
    boolean sound = values.length == length && contents.tensors().size() == slots + 1;
    for (int s = 0; sound && s < slots; s++) {
      slotValues[s] = contents.get(CheckpointWriter.slotName(s));
      sound = slotValues[s].length == length;
    }
    if (!sound) {
      throw corrupt(
          where(path)
              + ": expected values and "
              + slots
              + " slots of "
              + length
              + " elements, found "
              + contents.header().entries(),
          null);
    }
    return new ShardPart(0, expected.from(), values, slotValues);
  }

  private void checkLength(String path, CheckpointFile expected) throws CheckpointException {
    long found;
    try {
      found = files.lengthBytes(path);
    } catch (IOException e) {
      throw unreadable(path, e);
    }
    if (found < 0) {
      throw corrupt(where(path) + ": the manifest names it, but it is not there", null);
    }
    if (found > expected.lengthBytes()) {
      throw corrupt(
          where(path)
              + ": expected "
              + expected.lengthBytes()
              + " bytes, found "
              + found
              + ": extra bytes from offset "
              + expected.lengthBytes(),
          null);
    }
  }

  private void compare(String path, CheckpointFile expected, CheckpointFile found)
      throws CheckpointException {
    long offset = Fingerprint.firstDifference(expected, found);
    if (offset < 0) {
      return;
    }
    String what =
        found.lengthBytes() < expected.lengthBytes()
            ? "expected " + expected.lengthBytes() + " bytes, found " + found.lengthBytes()
            : "the checksum does not match";
    throw corrupt(where(path) + ": damaged at offset " + offset + ": " + what, null);
  }

  private CheckpointException unreadable(String path, IOException e) {
    if (e instanceof FileNotFoundException) {
      return corrupt(where(path) + ": the manifest names it, but it is not there", e);
    }
    if (e instanceof DamagedFileException damaged) {
      return corrupt(
          where(path) + ": damaged at offset " + damaged.offset() + ": " + damaged.getMessage(), e);
    }
    return new CheckpointException(
        CheckpointException.Kind.IO, "cannot read checkpoint file " + where(path) + ": " + e, e);
  }

  private String where(String path) {
    return files.root() + "/" + path;
  }

  private static CheckpointException corrupt(@Nullable String message, @Nullable Throwable cause) {
    return new CheckpointException(
        CheckpointException.Kind.CORRUPT, String.valueOf(message), cause);
  }

  /** Fingerprints what is read through it. */
  private static final class FingerprintStream extends InputStream {
    private final InputStream file;
    private final Fingerprint fingerprint = new Fingerprint();
    private final byte[] single = new byte[1];

    FingerprintStream(InputStream file) {
      this.file = file;
    }

    @Override
    public int read() throws IOException {
      return read(single, 0, 1) < 0 ? -1 : single[0] & 0xFF;
    }

    @Override
    public int read(byte[] bytes, int offset, int count) throws IOException {
      int got = file.read(bytes, offset, count);
      if (got > 0) {
        fingerprint.update(bytes, offset, got);
      }
      return got;
    }

    void drain() throws IOException {
      byte[] buffer = new byte[BUFFER_BYTES];
      while (read(buffer, 0, buffer.length) >= 0) {
        // reading is the work
      }
    }

    CheckpointFile finish(CheckpointFile expected) {
      return fingerprint.finish(expected.name(), expected.from(), expected.to());
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }
}
