package dev.bellows.engine.model;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;

/**
 * Files on a local disk through {@code java.nio}; closing what {@link #create} gave forces it to
 * the disk.
 */
public final class NioFiles implements FolderFiles {

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
  public FolderFiles below(String folder) {
    return new NioFiles(resolve(folder));
  }

  @Override
  public boolean remote() {
    return false;
  }

  @Override
  public boolean isFolder(String path) {
    return Files.isDirectory(resolve(path));
  }

  @Override
  public void createFolders(String path) throws IOException {
    Files.createDirectories(resolve(path));
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
  public boolean createNew(String path, byte[] bytes) throws IOException {
    try {
      Files.write(resolve(path), bytes, StandardOpenOption.CREATE_NEW);
      return true;
    } catch (FileAlreadyExistsException there) {
      return false;
    }
  }

  @Override
  public void replace(String path, byte[] bytes) throws IOException {
    Path target = resolve(path);
    Path part = resolve(path + ".tmp");
    Files.deleteIfExists(part); // never write through a link that somebody put there
    Files.write(part, bytes, StandardOpenOption.CREATE_NEW);
    try {
      Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (AtomicMoveNotSupportedException e) {
      Files.move(part, target, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  @Override
  public void append(String path, byte[] bytes) throws IOException {
    Files.write(resolve(path), bytes, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  @Override
  public InputStream open(String path) throws IOException {
    try {
      return Files.newInputStream(resolve(path));
    } catch (NoSuchFileException e) {
      throw absent(path, e);
    }
  }

  @Override
  public InputStream openPlain(String path) throws IOException {
    Path file = resolve(path);
    try {
      BasicFileAttributes attributes =
          Files.readAttributes(file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
      if (!attributes.isRegularFile()) {
        throw new ModelFileException(
            ModelFileException.Kind.REFUSED,
            file + ": expected a plain file, found a link or special file; copy the file itself");
      }
      if (Files.getFileStore(file).supportsFileAttributeView("unix")
          && Files.getAttribute(file, "unix:nlink", LinkOption.NOFOLLOW_LINKS)
              instanceof Integer links
          && links > 1) {
        throw new ModelFileException(
            ModelFileException.Kind.REFUSED,
            "%s: expected a file with one name, found %d hard links; copy the folder"
                .formatted(file, links));
      }
      return Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS);
    } catch (NoSuchFileException e) {
      throw absent(path, e);
    }
  }

  @Override
  public long lengthBytes(String path) throws IOException {
    Path file = resolve(path);
    return Files.isRegularFile(file) ? Files.size(file) : -1;
  }

  @Override
  public long modifiedMs(String path) throws IOException {
    try {
      return Files.getLastModifiedTime(resolve(path)).toMillis();
    } catch (NoSuchFileException e) {
      throw absent(path, e);
    }
  }

  @Override
  public void touch(String path, long timeMs) throws IOException {
    Files.setLastModifiedTime(resolve(path), FileTime.fromMillis(timeMs));
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

  @Override
  public String toString() {
    return root();
  }

  private Path resolve(String path) {
    Path resolved = root.resolve(path).normalize();
    if (!resolved.startsWith(root)) {
      throw new IllegalArgumentException("path must stay below " + root + ", found " + path);
    }
    return resolved;
  }

  private FileNotFoundException absent(String path, NoSuchFileException cause) {
    FileNotFoundException absent = new FileNotFoundException(root + "/" + path);
    absent.initCause(cause);
    return absent;
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
