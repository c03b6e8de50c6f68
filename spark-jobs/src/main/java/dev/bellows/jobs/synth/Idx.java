package dev.bellows.jobs.synth;

import java.io.BufferedOutputStream;
import java.io.Closeable;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.zip.GZIPOutputStream;

/**
 * Writer of gzipped IDX files of bytes. The file has its name only when it is whole.
 *
 * <pre>
 * 0  0x00 0x00 0x08 rank      magic: unsigned bytes, number of dimensions
 * 4  int32 size, ...          big-endian, rank of them
 *    bytes                    row-major
 * </pre>
 */
final class Idx implements Closeable {
  private static final int UNSIGNED_BYTE = 0x0800;

  private final Path target;
  private final Path temporary;
  private final DataOutputStream out;
  private long missing = 1;

  private Idx(Path target, int... sizes) throws IOException {
    this.target = target;
    this.temporary = target.resolveSibling(target.getFileName() + ".tmp");
    this.out =
        new DataOutputStream(
            new BufferedOutputStream(
                new GZIPOutputStream(Files.newOutputStream(temporary)), 1 << 16));
    out.writeInt(UNSIGNED_BYTE | sizes.length);
    for (int size : sizes) {
      out.writeInt(size);
      missing *= size;
    }
  }

  static Idx create(Path target, int... sizes) throws IOException {
    Path folder = target.toAbsolutePath().getParent();
    if (folder != null) {
      Files.createDirectories(folder);
    }
    return new Idx(target, sizes);
  }

  void write(byte[] bytes) throws IOException {
    out.write(bytes);
    missing -= bytes.length;
  }

  @Override
  public void close() throws IOException {
    out.close();
    if (missing == 0) {
      Files.move(temporary, target, StandardCopyOption.REPLACE_EXISTING);
    } else {
      Files.deleteIfExists(temporary);
    }
  }
}
