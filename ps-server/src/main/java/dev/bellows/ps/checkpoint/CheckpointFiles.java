package dev.bellows.ps.checkpoint;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;

/**
 * The few file operations that checkpoints need, so that they can live on any file system.
 *
 * <p>Paths are relative to {@link #root()}, use {@code /} and never contain {@code ..}. There is no
 * rename on purpose: object stores do not have an atomic one. Nothing here promises that {@link
 * #list} is up to date or that it names only what exists; {@link CheckpointStore} lives with both.
 */
public interface CheckpointFiles {

  /** Returns the folder that all paths are relative to, for messages. */
  String root();

  /**
   * Returns the plain names of the entries of a folder in any order; an absent folder gives an
   * empty list. The empty string names the root.
   */
  List<String> list(String folder) throws IOException;

  /**
   * Creates or replaces a file and the folders above it. The stream's {@code close()} returns only
   * after the bytes have reached the storage.
   */
  OutputStream create(String path) throws IOException;

  /** Opens a file; {@link java.io.FileNotFoundException} when there is none. */
  InputStream open(String path) throws IOException;

  /** Returns a file's length in bytes, or -1 when there is no such file. */
  long lengthBytes(String path) throws IOException;

  /** Deletes one file or an empty folder; an absent one is not an error. */
  void delete(String path) throws IOException;

  /** Returns the free bytes of the storage, or -1 when they are not known. */
  long freeBytes();
}
