package dev.bellows.ps.checkpoint;

import dev.bellows.engine.model.FolderFiles;
import java.io.ByteArrayInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Files in memory that fail on demand: the process dies after so many bytes or operations, the disk
 * is full, the listing lies. What was written before a death stays, byte by byte, as on a real disk
 * without any order promised but the one that the caller forces by closing.
 */
final class MemoryFiles implements FolderFiles {

  /** The simulated kill -9. */
  static final class Death extends Error {
    private static final long serialVersionUID = 1L;

    Death() {
      super("killed");
    }
  }

  final Map<String, byte[]> contents = new TreeMap<>();

  long quotaBytes = Long.MAX_VALUE;
  long bytesUntilDeath = Long.MAX_VALUE;
  List<String> hiddenFromList = List.of();
  List<String> inventedInRoot = List.of();
  int operations;

  MemoryFiles copy() {
    MemoryFiles copy = new MemoryFiles();
    contents.forEach((path, bytes) -> copy.contents.put(path, bytes.clone()));
    return copy;
  }

  @Override
  public String root() {
    return "mem:/run/checkpoints";
  }

  @Override
  public List<String> list(String folder) {
    operation();
    String prefix = folder.isEmpty() ? "" : folder + "/";
    List<String> names = new ArrayList<>();
    for (String path : contents.keySet()) {
      if (path.startsWith(prefix)) {
        String name = path.substring(prefix.length()).split("/", 2)[0];
        if (!names.contains(name) && !hiddenFromList.contains(name)) {
          names.add(name);
        }
      }
    }
    if (folder.isEmpty()) {
      names.addAll(inventedInRoot);
    }
    return names;
  }

  @Override
  public OutputStream create(String path) {
    operation();
    contents.put(path, new byte[0]);
    return new OutputStream() {
      @Override
      public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
      }

      @Override
      public void write(byte[] bytes, int offset, int count) throws IOException {
        int lived = (int) Math.min(count, bytesUntilDeath);
        int room = (int) Math.max(0, Math.min(lived, quotaBytes - usedBytes()));
        byte[] old = contents.getOrDefault(path, new byte[0]);
        byte[] grown = Arrays.copyOf(old, old.length + room);
        System.arraycopy(bytes, offset, grown, old.length, room);
        contents.put(path, grown);
        bytesUntilDeath -= lived;
        if (room < lived) {
          throw new IOException("No space left on device");
        }
        if (lived < count) {
          throw new Death();
        }
      }
    };
  }

  @Override
  public InputStream open(String path) throws IOException {
    byte[] bytes = contents.get(path);
    if (bytes == null) {
      throw new FileNotFoundException(path);
    }
    return new ByteArrayInputStream(bytes);
  }

  @Override
  public long lengthBytes(String path) {
    byte[] bytes = contents.get(path);
    return bytes == null ? -1 : bytes.length;
  }

  @Override
  public void delete(String path) {
    operation();
    contents.remove(path);
  }

  @Override
  public long freeBytes() {
    return quotaBytes == Long.MAX_VALUE ? -1 : quotaBytes - usedBytes();
  }

  @Override
  public FolderFiles below(String folder) {
    throw notNeeded();
  }

  @Override
  public boolean remote() {
    return true;
  }

  @Override
  public boolean isFolder(String path) {
    throw notNeeded();
  }

  @Override
  public void createFolders(String path) {
    throw notNeeded();
  }

  @Override
  public boolean createNew(String path, byte[] bytes) {
    throw notNeeded();
  }

  @Override
  public void replace(String path, byte[] bytes) {
    throw notNeeded();
  }

  @Override
  public void append(String path, byte[] bytes) {
    throw notNeeded();
  }

  @Override
  public InputStream openPlain(String path) {
    throw notNeeded();
  }

  @Override
  public long modifiedMs(String path) {
    throw notNeeded();
  }

  @Override
  public void touch(String path, long timeMs) {
    throw notNeeded();
  }

  private static UnsupportedOperationException notNeeded() {
    return new UnsupportedOperationException("checkpoints must not need this");
  }

  long usedBytes() {
    return contents.values().stream().mapToLong(bytes -> bytes.length).sum();
  }

  /** Each operation costs one byte of life, so that a death can fall between two writes as well. */
  private void operation() {
    operations++;
    if (bytesUntilDeath <= 0) {
      throw new Death();
    }
    bytesUntilDeath--;
  }
}
