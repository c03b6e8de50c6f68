package dev.bellows.engine.model;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;

/**
 * The files below one folder on any file system: what models, checkpoints and run folders need of
 * it, and nothing more.
 *
 * <p>Paths are relative to {@link #root()}, use {@code /} and never contain {@code ..}; the empty
 * path is the root itself. There is no rename on purpose: object stores do not have an atomic one.
 * Nothing here promises that {@link #list} is up to date or that it names only what exists; readers
 * of checkpoints live with both.
 */
public interface FolderFiles {

  /** Returns the folder that all paths are relative to, for messages. */
  String root();

  /** Returns the files below a folder of this one. */
  FolderFiles below(String folder);

  /**
   * Whether each call is a trip over a network, so that callers gather small writes instead of
   * making them one by one.
   */
  boolean remote();

  /** Whether a folder is there. */
  boolean isFolder(String path) throws IOException;

  /** Creates a folder and those above it where they are not there yet. */
  void createFolders(String path) throws IOException;

  /**
   * Returns the plain names of the entries of a folder in any order; an absent folder gives an
   * empty list.
   */
  List<String> list(String folder) throws IOException;

  /**
   * Creates or replaces a file and the folders above it. The stream's {@code close()} returns only
   * after the bytes have reached the storage; until then a reader may see a part of them.
   */
  OutputStream create(String path) throws IOException;

  /**
   * Creates a file that must not be there yet, in a folder that is there: of two processes one
   * succeeds, where the file system can tell (object stores without conditional writes can't).
   *
   * @return false when it is there already
   */
  boolean createNew(String path, byte[] bytes) throws IOException;

  /**
   * Creates or replaces a file as a whole, in a folder that is there: whenever the process ends,
   * readers find the old bytes or the new ones. (A power cut may take them: see {@link #create}.)
   */
  void replace(String path, byte[] bytes) throws IOException;

  /**
   * Adds bytes to the end of a file, which is created when it is not there but its folder is. A
   * process that ends meanwhile leaves a part of them at most.
   */
  void append(String path, byte[] bytes) throws IOException;

  /** Opens a file; {@link FileNotFoundException} when there is none. */
  InputStream open(String path) throws IOException;

  /**
   * Opens a file of a folder that may come from a stranger: links of any kind, which could show
   * files of other folders, are refused where the file system has them.
   *
   * @throws ModelFileException of kind REFUSED for a link or anything else that is no plain file
   * @throws FileNotFoundException when there is none
   */
  InputStream openPlain(String path) throws IOException;

  /** Returns a file's length in bytes, or -1 when there is no such file. */
  long lengthBytes(String path) throws IOException;

  /**
   * Returns when a file was written or {@linkplain #touch touched}, in milliseconds since 1970.
   *
   * @throws FileNotFoundException when there is none
   */
  long modifiedMs(String path) throws IOException;

  /** Makes a file look as if it was written at that time, or at the storage's present one. */
  void touch(String path, long timeMs) throws IOException;

  /** Deletes one file or an empty folder; an absent one is not an error. */
  void delete(String path) throws IOException;

  /** Returns the free bytes of the storage, or -1 when they are not known. */
  long freeBytes();

  /** Reads a whole file; {@link FileNotFoundException} when there is none. */
  default byte[] read(String path) throws IOException {
    try (InputStream in = open(path)) {
      return in.readAllBytes();
    }
  }
}
