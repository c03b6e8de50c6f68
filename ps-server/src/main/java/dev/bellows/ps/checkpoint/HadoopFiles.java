package dev.bellows.ps.checkpoint;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.ChecksumException;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** Checkpoint files on any Hadoop file system: HDFS, object stores, the local disk. */
public final class HadoopFiles implements CheckpointFiles {

  private final FileSystem fileSystem;
  private final Path root;

  /**
   * Uses a folder given by URI, which need not exist yet.
   *
   * @throws IOException when the scheme has no file system or it cannot be reached
   */
  public HadoopFiles(String rootUri, Configuration configuration) throws IOException {
    Path given = new Path(rootUri);
    this.fileSystem = given.getFileSystem(configuration);
    this.root = fileSystem.makeQualified(given);
  }

  @Override
  public String root() {
    return root.toString();
  }

  @Override
  public List<String> list(String folder) throws IOException {
    List<String> names = new ArrayList<>();
    try {
      for (FileStatus status : fileSystem.listStatus(resolve(folder))) {
        names.add(status.getPath().getName());
      }
    } catch (FileNotFoundException e) {
      return List.of();
    }
    return names;
  }

  @Override
  public OutputStream create(String path) throws IOException {
    try {
      return new SyncedStream(fileSystem.create(resolve(path), true));
    } catch (FSError e) {
      throw asException(e);
    }
  }

  @Override
  public InputStream open(String path) throws IOException {
    return new CheckedStream(fileSystem.open(resolve(path)));
  }

  @Override
  public long lengthBytes(String path) throws IOException {
    try {
      FileStatus status = fileSystem.getFileStatus(resolve(path));
      return status.isFile() ? status.getLen() : -1;
    } catch (FileNotFoundException e) {
      return -1;
    }
  }

  @Override
  public void delete(String path) throws IOException {
    fileSystem.delete(resolve(path), false);
  }

  @Override
  public long freeBytes() {
    try {
      return fileSystem.getStatus(root).getRemaining();
    } catch (IOException e) {
      return -1;
    }
  }

  private Path resolve(String path) {
    for (String name : path.split("/")) {
      if (name.equals("..")) {
        throw new IllegalArgumentException(
            "checkpoint path must stay below " + root + ", found " + path);
      }
    }
    return path.isEmpty() ? root : new Path(root, path);
  }

  /**
   * Hadoop's local file system reports a full disk as an Error; it is no reason to end the process.
   */
  private static IOException asException(FSError error) {
    Throwable cause = error.getCause();
    return cause instanceof IOException io ? io : new IOException(error);
  }

  /** Asks for durability on close where the file system knows it. */
  private static final class SyncedStream extends OutputStream {
    private final FSDataOutputStream stream;
    private boolean open = true;

    SyncedStream(FSDataOutputStream stream) {
      this.stream = stream;
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int count) throws IOException {
      try {
        stream.write(bytes, offset, count);
      } catch (FSError e) {
        throw asException(e);
      }
    }

    @Override
    public void close() throws IOException {
      if (!open) {
        return;
      }
      open = false;
      try (FSDataOutputStream closing = stream) {
        if (closing.hasCapability("hsync")) {
          closing.hsync();
        }
      } catch (FSError e) {
        throw asException(e);
      }
    }
  }

  /** Turns Hadoop's own checksum errors into one that names the offset. */
  private static final class CheckedStream extends InputStream {
    private final InputStream stream;

    CheckedStream(InputStream stream) {
      this.stream = stream;
    }

    @Override
    public int read() throws IOException {
      byte[] single = new byte[1];
      return read(single, 0, 1) < 0 ? -1 : single[0] & 0xFF;
    }

    @Override
    public int read(byte[] bytes, int offset, int count) throws IOException {
      try {
        return stream.read(bytes, offset, count);
      } catch (ChecksumException e) {
        throw new DamagedFileException(e.getPos(), "the file system's own checksum differs", e);
      }
    }

    @Override
    public void close() throws IOException {
      stream.close();
    }
  }
}
