package dev.bellows.jobs;

import java.io.IOException;
import java.net.URI;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.CommonPathCapabilities;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.security.AccessControlException;
import org.apache.hadoop.util.Progressable;

/**
 * {@code strict:///...}: a file system that java.nio does not know, with what is awkward about the
 * real ones: rename refuses a destination that is there (HDFS), nothing can be appended and file
 * times can't be set (object stores). Below a folder named {@code forbidden} nothing can be made.
 */
public final class StrictFileSystem extends RawLocalFileSystem {
  /** Calls that change something, of all instances. */
  public static final AtomicLong CHANGES = new AtomicLong();

  /** Makes the scheme known. */
  public static Configuration register(Configuration configuration) {
    configuration.setClass(
        "fs.strict.impl", StrictFileSystem.class, org.apache.hadoop.fs.FileSystem.class);
    return configuration;
  }

  /** The address of a local folder. */
  public static String uri(java.nio.file.Path folder) {
    return "strict://" + folder.toAbsolutePath();
  }

  @Override
  public URI getUri() {
    return URI.create("strict:///");
  }

  @Override
  public String getScheme() {
    return "strict";
  }

  @Override
  public boolean rename(Path from, Path to) throws IOException {
    CHANGES.incrementAndGet();
    return !exists(to) && super.rename(from, to);
  }

  @Override
  public FSDataOutputStream append(Path file, int buffer, Progressable progress) {
    throw new UnsupportedOperationException("append");
  }

  @Override
  public boolean hasPathCapability(Path path, String capability) throws IOException {
    return !capability.equals(CommonPathCapabilities.FS_APPEND)
        && super.hasPathCapability(path, capability);
  }

  @Override
  public void setTimes(Path file, long modified, long accessed) {}

  @Override
  public FSDataOutputStream create(
      Path file,
      FsPermission permission,
      boolean overwrite,
      int buffer,
      short replication,
      long block,
      Progressable progress)
      throws IOException {
    check(file);
    CHANGES.incrementAndGet();
    return super.create(file, permission, overwrite, buffer, replication, block, progress);
  }

  @Override
  public FSDataOutputStream create(
      Path file,
      boolean overwrite,
      int buffer,
      short replication,
      long block,
      Progressable progress)
      throws IOException {
    check(file);
    CHANGES.incrementAndGet();
    return super.create(file, overwrite, buffer, replication, block, progress);
  }

  @Override
  public boolean mkdirs(Path folder) throws IOException {
    check(folder);
    return super.mkdirs(folder);
  }

  private static void check(Path path) throws AccessControlException {
    if (path.toUri().getPath().contains("/forbidden")) {
      throw new AccessControlException("Permission denied: user=test, path=" + path);
    }
  }
}
