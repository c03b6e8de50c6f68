package dev.bellows.ps.checkpoint;

import dev.bellows.engine.model.FolderFiles;
import dev.bellows.engine.model.ModelFileException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.AccessDeniedException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.ChecksumException;
import org.apache.hadoop.fs.CommonPathCapabilities;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FSError;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.security.AccessControlException;

/**
 * Files on any Hadoop file system: HDFS, object stores, and whatever else has a scheme in the
 * configuration.
 *
 * <p>HDFS refuses to rename onto a file that is there. So {@link #replace} writes {@code NAME.tmp},
 * renames it to {@code NAME.new}, deletes {@code NAME} and renames again; whenever it ends, {@code
 * NAME} or {@code NAME.new} is whole, and every reading call here looks for both.
 */
public final class HadoopFiles implements FolderFiles {

  private static final String PART = ".tmp";
  private static final String WHOLE = ".new";

  /** Coarsest resolution of a file time that is met in practice (FAT), milliseconds. */
  private static final long TIME_RESOLUTION_MS = 2000;

  private final FileSystem fileSystem;
  private final Path root;

  /**
   * Uses a folder given by URI, which need not exist yet.
   *
   * @throws IOException when the scheme has no file system or it cannot be reached
   */
  public HadoopFiles(String rootUri, Configuration configuration) throws IOException {
    try {
      Path given = new Path(rootUri);
      this.fileSystem = given.getFileSystem(configuration);
      this.root = fileSystem.makeQualified(given);
    } catch (IllegalArgumentException e) { // a malformed URI or an unknown host
      throw new IOException(e.getMessage(), e);
    } catch (RuntimeException e) { // a class of the configuration that is not on the class path
      if (e.getCause() instanceof ClassNotFoundException) {
        throw new IOException(e.getMessage(), e);
      }
      throw e;
    }
  }

  private HadoopFiles(FileSystem fileSystem, Path root) {
    this.fileSystem = fileSystem;
    this.root = root;
  }

  @Override
  public String root() {
    return root.toString();
  }

  @Override
  public FolderFiles below(String folder) {
    return new HadoopFiles(fileSystem, resolve(folder));
  }

  @Override
  public boolean remote() {
    return true;
  }

  @Override
  public boolean isFolder(String path) throws IOException {
    try {
      return ask(() -> fileSystem.getFileStatus(resolve(path))).isDirectory();
    } catch (FileNotFoundException e) {
      return false;
    }
  }

  @Override
  public void createFolders(String path) throws IOException {
    Path folder = resolve(path);
    if (!ask(() -> fileSystem.mkdirs(folder))) {
      throw new IOException("the file system did not create the folder " + folder);
    }
  }

  @Override
  public List<String> list(String folder) throws IOException {
    List<String> names = new ArrayList<>();
    try {
      for (FileStatus status : ask(() -> fileSystem.listStatus(resolve(folder)))) {
        names.add(status.getPath().getName());
      }
    } catch (FileNotFoundException e) {
      return List.of();
    }
    return names;
  }

  @Override
  public OutputStream create(String path) throws IOException {
    return stream(resolve(path), true, true);
  }

  @Override
  public boolean createNew(String path, byte[] bytes) throws IOException {
    Path file = resolve(path);
    OutputStream created;
    try {
      created = stream(file, false, false);
    } catch (IOException e) { // each file system has its own exception for a file that is there
      if (exists(file)) {
        return false;
      }
      throw e;
    }
    try (OutputStream out = created) {
      out.write(bytes);
    } catch (FileAlreadyExistsException e) { // an object store looks when the file is whole
      return false;
    }
    return true;
  }

  @Override
  public void replace(String path, byte[] bytes) throws IOException {
    Path target = resolve(path);
    Path part = resolve(path + PART);
    Path whole = resolve(path + WHOLE);
    try (OutputStream out = stream(part, true, false)) {
      out.write(bytes);
    }
    if (exists(target)) {
      remove(whole);
      rename(part, whole);
      remove(target);
      rename(whole, target);
    } else {
      rename(part, target);
      remove(whole); // of a process that ended half-way: older than ours
    }
  }

  /** Where the file system has no append, the file is written anew as a whole. */
  @Override
  public void append(String path, byte[] bytes) throws IOException {
    Path file = resolve(path);
    long length = Math.max(0, lengthBytes(path));
    if (fileSystem.hasPathCapability(file, CommonPathCapabilities.FS_APPEND) && exists(file)) {
      try (OutputStream out = new OnceFailing(fileSystem.append(file), false)) {
        out.write(bytes);
        return;
      } catch (IOException | UnsupportedOperationException e) {
        // Switched off, or still owned by a process that was killed: a new file needs no owner.
      }
    }
    byte[] before = length == 0 ? new byte[0] : read(path);
    int kept = (int) Math.min(length, before.length); // without what a failed append left
    byte[] all = Arrays.copyOf(before, Math.addExact(kept, bytes.length));
    System.arraycopy(bytes, 0, all, kept, bytes.length);
    replace(path, all);
  }

  @Override
  public InputStream open(String path) throws IOException {
    Path file = status(path).getPath();
    return new CheckedStream(ask(() -> fileSystem.open(file)));
  }

  /** Links can't be made here: only the local disk has them, and that is read by NioFiles. */
  @Override
  public InputStream openPlain(String path) throws IOException {
    FileStatus status = status(path);
    if (!status.isFile()) {
      throw new ModelFileException(
          ModelFileException.Kind.REFUSED,
          root + "/" + path + ": expected a plain file, found a link or folder");
    }
    return new CheckedStream(ask(() -> fileSystem.open(status.getPath())));
  }

  @Override
  public long lengthBytes(String path) throws IOException {
    try {
      FileStatus status = status(path);
      return status.isFile() ? status.getLen() : -1;
    } catch (FileNotFoundException e) {
      return -1;
    }
  }

  @Override
  public long modifiedMs(String path) throws IOException {
    return status(path).getModificationTime();
  }

  @Override
  public void touch(String path, long timeMs) throws IOException {
    Path file = resolve(path);
    FileStatus status =
        ask(
            () -> {
              fileSystem.setTimes(file, timeMs, -1);
              return fileSystem.getFileStatus(file);
            });
    if (status.getModificationTime() < timeMs - TIME_RESOLUTION_MS) {
      byte[] same = read(path); // an object store: only writing sets the time
      try (OutputStream out = create(path)) {
        out.write(same);
      }
    }
  }

  @Override
  public void delete(String path) throws IOException {
    remove(resolve(path + WHOLE));
    remove(resolve(path));
  }

  @Override
  public long freeBytes() {
    try {
      return fileSystem.getStatus(root).getRemaining();
    } catch (IOException e) {
      return -1;
    }
  }

  @Override
  public String toString() {
    return root();
  }

  /** What stands under a name now, be it between two renames of {@link #replace}. */
  private FileStatus status(String path) throws IOException {
    Path target = resolve(path);
    Path whole = resolve(path + WHOLE);
    try {
      return ask(() -> fileSystem.getFileStatus(target));
    } catch (FileNotFoundException absent) {
      try {
        return ask(() -> fileSystem.getFileStatus(whole));
      } catch (FileNotFoundException replacedJustNow) {
        return ask(() -> fileSystem.getFileStatus(target));
      }
    }
  }

  private OutputStream stream(Path file, boolean overwrite, boolean durable) throws IOException {
    try {
      return new OnceFailing(ask(() -> fileSystem.create(file, overwrite)), durable);
    } catch (FSError e) {
      throw asException(e);
    }
  }

  private boolean exists(Path file) throws IOException {
    return ask(() -> fileSystem.exists(file));
  }

  private void remove(Path file) throws IOException {
    ask(() -> fileSystem.delete(file, false));
  }

  private void rename(Path from, Path to) throws IOException {
    if (!ask(() -> fileSystem.rename(from, to))) {
      throw new IOException("the file system refused to rename " + from + " to " + to);
    }
  }

  /** A call of the file system. */
  private interface Call<T> {
    T run() throws IOException;
  }

  private static <T> T ask(Call<T> call) throws IOException {
    try {
      return call.run();
    } catch (IOException e) {
      throw inOneLine(e);
    }
  }

  /**
   * A server's exception brings its stack trace along as text: only what went wrong is passed on.
   */
  private static IOException inOneLine(IOException e) {
    String message = e.getMessage() == null ? e.toString() : e.getMessage();
    String first = message.lines().findFirst().orElse("");
    if (e instanceof AccessControlException) {
      AccessDeniedException denied = new AccessDeniedException(first);
      denied.initCause(e);
      return denied;
    }
    if (first.length() == message.length()) {
      return e;
    }
    if (e instanceof FileNotFoundException) {
      FileNotFoundException absent = new FileNotFoundException(first);
      absent.initCause(e);
      return absent;
    }
    return e instanceof FileAlreadyExistsException
        ? new FileAlreadyExistsException(first)
        : new IOException(first, e);
  }

  private Path resolve(String path) {
    for (String name : path.split("/")) {
      if (name.equals("..")) {
        throw new IllegalArgumentException("path must stay below " + root + ", found " + path);
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

  /**
   * HDFS throws the very same exception from each call once one failed: only the first is passed
   * on, since Java refuses to add an exception to itself.
   */
  private static final class OnceFailing extends OutputStream {
    private final FSDataOutputStream stream;
    private final boolean durable;
    private boolean open = true;
    private boolean failed;

    /**
     * Writes through.
     *
     * @param durable whether closing forces the bytes to the disks, where the file system knows how
     */
    OnceFailing(FSDataOutputStream stream, boolean durable) {
      this.stream = stream;
      this.durable = durable;
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int count) throws IOException {
      attempt(() -> stream.write(bytes, offset, count));
    }

    @Override
    public void close() throws IOException {
      if (!open) {
        return;
      }
      open = false;
      try {
        if (durable && !failed && stream.hasCapability("hsync")) {
          attempt(stream::hsync);
        }
      } finally {
        attempt(stream::close);
      }
    }

    private interface Step {
      void run() throws IOException;
    }

    private void attempt(Step step) throws IOException {
      boolean first = !failed;
      failed = true;
      try {
        step.run();
        failed = !first;
      } catch (IOException | FSError e) {
        if (first) {
          throw e instanceof FSError error ? asException(error) : inOneLine((IOException) e);
        }
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
