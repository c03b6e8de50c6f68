package dev.bellows.ps.checkpoint;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/**
 * Checkpoint files on a local disk through {@code java.nio}; closing a file forces it to the disk.
 */
public final class NioFiles implements CheckpointFiles {

  private final Path root;

  /** Uses a folder, which need not exist yet. */
  public NioFiles(Path root) {
    this.root = root.toAbsolutePath().normalize();
  }

  @Override
  public String root() {
    return root.toString();
  }

  @Override
  public List<String> list(String folder) throws IOException {
    List<String> names = new ArrayList<>();
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(resolve(folder))) {
      for (Path entry : entries) {
        names.add(String.valueOf(entry.getFileName()));
      }
    } catch (NoSuchFileException | NotDirectoryException e) {
      return List.of();
    }
    return names;
  }

  @Override
  public OutputStream create(String path) throws IOException {
    Path file = resolve(path);
    Path parent = file.getParent();
    if (parent != null) {
      Files.createDirectories(parent);
    }
    return new ForcedStream(
        FileChannel.open(
            file,
            StandardOpenOption.CREATE,
            StandardOpenOption.WRITE,
            StandardOpenOption.TRUNCATE_EXISTING));
  }

  @Override
  public InputStream open(String path) throws IOException {
    try {
      return Files.newInputStream(resolve(path));
    } catch (NoSuchFileException e) {
      FileNotFoundException absent = new FileNotFoundException(root + "/" + path);
      absent.initCause(e);
      throw absent;
    }
  }

  @Override
  public long lengthBytes(String path) throws IOException {
    Path file = resolve(path);
    return Files.isRegularFile(file) ? Files.size(file) : -1;
  }

  @Override
  public void delete(String path) throws IOException {
    Files.deleteIfExists(resolve(path));
  }

  @Override
  public long freeBytes() {
    Path existing = root;
    while (existing != null && !Files.exists(existing)) {
      existing = existing.getParent();
    }
    try {
      return existing == null ? -1 : Files.getFileStore(existing).getUsableSpace();
    } catch (IOException e) {
      return -1;
    }
  }

  private Path resolve(String path) {
    Path resolved = root.resolve(path).normalize();
    if (!resolved.startsWith(root)) {
      throw new IllegalArgumentException(
          "checkpoint path must stay below " + root + ", found " + path);
    }
    return resolved;
  }

  /** Forces the file to the disk on close, so that a manifest never precedes what it describes. */
  private static final class ForcedStream extends OutputStream {
    private final FileChannel channel;
    private final OutputStream stream;
    private boolean open = true;

    ForcedStream(FileChannel channel) {
      this.channel = channel;
      this.stream = Channels.newOutputStream(channel);
    }

    @Override
    public void write(int b) throws IOException {
      stream.write(b);
    }

    @Override
    public void write(byte[] bytes, int offset, int count) throws IOException {
      stream.write(bytes, offset, count);
    }

    @Override
    public void close() throws IOException {
      if (!open) {
        return;
      }
      open = false;
      try (FileChannel closing = channel) {
        closing.force(true);
      }
    }
  }
}
