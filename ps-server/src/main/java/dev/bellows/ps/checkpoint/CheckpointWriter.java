package dev.bellows.ps.checkpoint;

import dev.bellows.engine.model.FolderFiles;
import dev.bellows.engine.model.Safetensors;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Writes single files of a checkpoint; {@link CheckpointStore} decides which and in what order. */
final class CheckpointWriter {

  private static final String VALUES = "values";
  private static final String SLOT = "slot";

  private final FolderFiles files;
  private final Consumer<String> failpoint;

  CheckpointWriter(FolderFiles files, Consumer<String> failpoint) {
    this.files = files;
    this.failpoint = failpoint;
  }

  /** Writes bytes to a file; they need not be complete or durable in the eyes of anybody but us. */
  private interface Content {
    void writeTo(OutputStream out) throws IOException;
  }

  CheckpointFile writeShard(String folder, long step, ShardPart part) throws CheckpointException {
    List<Safetensors.Tensor> tensors = new ArrayList<>();
    int[] shape = {part.values().length};
    tensors.add(new Safetensors.Tensor(VALUES, shape, part.values(), 0));
    for (int s = 0; s < part.slots().length; s++) {
      tensors.add(new Safetensors.Tensor(slotName(s), shape, part.slots()[s], 0));
    }
    Map<String, String> metadata =
        Map.of(
            "from", Integer.toString(part.from()),
            "shard", Integer.toString(part.shard()),
            "step", Long.toString(step));
    // The header is small: an upper bound of the whole length is all that a full disk needs to
    // know.
    long expectedBytes = (long) tensors.size() * part.values().length * Float.BYTES + 1024;
    return write(
        folder,
        Manifest.shardName(part.shard()),
        part.from(),
        part.to(),
        expectedBytes,
        out -> Safetensors.write(out, tensors, metadata));
  }

  CheckpointFile writeRows(String folder, long step, RowPart part) throws CheckpointException {
    int n = part.keys().length;
    int copies = part.stride() / part.width();
    List<Safetensors.Tensor> tensors =
        List.of(
            new Safetensors.Tensor(
                RowPart.KEYS, new int[] {n, RowPart.DIGITS}, RowPart.digits(part.keys()), 0),
            new Safetensors.Tensor(
                RowPart.UPDATES, new int[] {n, RowPart.DIGITS}, RowPart.digits(part.updates()), 0),
            new Safetensors.Tensor(
                RowPart.ROWS, new int[] {n, copies, part.width()}, part.rows(), 0));
    long expectedBytes = (long) Float.BYTES * (2L * n * RowPart.DIGITS + part.rows().length) + 1024;
    return write(
        folder,
        Manifest.rowsName(part.table(), part.part()),
        0,
        0,
        expectedBytes,
        out -> Safetensors.write(out, tensors, part.metadata(step)));
  }

  CheckpointFile writeBytes(String folder, String name, byte[] bytes) throws CheckpointException {
    return write(folder, name, 0, 0, bytes.length, out -> out.write(bytes));
  }

  static String slotName(int slot) {
    return SLOT + slot;
  }

  static String valuesName() {
    return VALUES;
  }

  private CheckpointFile write(
      String folder, String name, int from, int to, long expectedBytes, Content content)
      throws CheckpointException {
    String path = folder + "/" + name;
    String point = name.replaceAll("\\..*", "");
    failpoint.accept(point + ".begin");
    CheckpointFile entry;
    try (CheckedSink sink = new CheckedSink(files.create(path))) {
      content.writeTo(sink);
      entry = sink.fingerprint().finish(name, from, to);
    } catch (IOException e) {
      throw failed(path, expectedBytes, e);
    }
    failpoint.accept(point + ".end");
    return entry;
  }

  private CheckpointException failed(String path, long expectedBytes, IOException cause) {
    long free = files.freeBytes();
    removeTorn(path);
    String where = files.root() + "/" + path;
    if (saysNoSpace(cause) || (free >= 0 && free < expectedBytes)) {
      return new NoSpaceException(where, expectedBytes, free, cause);
    }
    return new CheckpointException(
        CheckpointException.Kind.IO, "cannot write checkpoint file " + where + ": " + cause, cause);
  }

  /** Gives the space back; without a manifest the rest would be ignored anyway. */
  private void removeTorn(String path) {
    try {
      files.delete(path);
    } catch (IOException e) {
      // The next begin() of this step, or retain(), tries again.
    }
  }

  private static boolean saysNoSpace(@Nullable Throwable error) {
    for (Throwable e = error; e != null; e = e.getCause()) {
      String text = (e.getClass().getSimpleName() + " " + e.getMessage()).toLowerCase(Locale.ROOT);
      if (text.contains("no space left")
          || text.contains("quota")
          || text.contains("not enough space")
          || text.contains("file too large")
          || text.contains("disk full")) {
        return true;
      }
    }
    return false;
  }
}
