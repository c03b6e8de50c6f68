package dev.bellows.jobs.source;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.compress.CompressionCodec;
import org.apache.hadoop.io.compress.CompressionCodecFactory;

/**
 * The files behind a path, folder or glob, in name order, with what the driver looks up in them:
 * first line, line numbers.
 */
final class SourceFiles {
  private final Configuration conf;
  private final String given;
  private final List<FileStatus> files;

  private SourceFiles(Configuration conf, String given, List<FileStatus> files) {
    this.conf = conf;
    this.given = given;
    this.files = files;
  }

  /** Absolute paths and paths with a scheme stay; others resolve against {@code baseDir}. */
  static Path resolve(String baseDir, String path) {
    Path p = new Path(path);
    return p.isAbsolute() || p.toUri().getScheme() != null || baseDir.isEmpty()
        ? p
        : new Path(new Path(baseDir), p);
  }

  /**
   * Lists the files; names that start with _ or . are skipped in folders.
   *
   * @throws DataException when there is none, or all are empty
   */
  static SourceFiles list(Configuration conf, String baseDir, String path) {
    Path resolved = resolve(baseDir, path);
    List<FileStatus> files = new ArrayList<>();
    try {
      FileSystem fs = resolved.getFileSystem(conf);
      FileStatus[] matches = fs.globStatus(resolved);
      if (matches == null || matches.length == 0) {
        throw new DataException(
            "data file "
                + name(resolved)
                + " does not exist"
                + (new Path(path).isAbsolute()
                    ? ""
                    : " (path \"" + path + "\" below \"" + baseDir + "\")"));
      }
      for (FileStatus match : matches) {
        if (match.isDirectory()) {
          for (FileStatus inside :
              fs.listStatus(
                  match.getPath(),
                  p -> !p.getName().startsWith("_") && !p.getName().startsWith("."))) {
            if (inside.isFile()) {
              files.add(inside);
            }
          }
        } else {
          files.add(match);
        }
      }
    } catch (IOException e) {
      throw new DataException(
          "data file " + name(resolved) + " cannot be read: " + e.getMessage(), e);
    }
    files.sort((a, b) -> a.getPath().toString().compareTo(b.getPath().toString()));
    if (files.stream().mapToLong(FileStatus::getLen).sum() == 0) {
      throw new DataException(
          "data file " + name(resolved) + " is empty (" + files.size() + " files, 0 bytes)");
    }
    files.removeIf(f -> f.getLen() == 0);
    return new SourceFiles(conf, path, files);
  }

  /** As {@link #list}, and where a folder holds only folders, the files of those. */
  static SourceFiles listDeep(Configuration conf, String baseDir, String path) {
    Path resolved = resolve(baseDir, path);
    try {
      FileSystem fs = resolved.getFileSystem(conf);
      if (fs.exists(resolved)) {
        FileStatus[] inside = fs.listStatus(resolved);
        boolean folders =
            inside.length > 0 && Arrays.stream(inside).allMatch(FileStatus::isDirectory);
        return list(conf, baseDir, folders ? path + "/*" : path);
      }
    } catch (IOException e) {
      throw new DataException(
          "data file " + name(resolved) + " cannot be read: " + e.getMessage(), e);
    }
    return list(conf, baseDir, path);
  }

  /** A path as people write it. */
  static String name(Path path) {
    String s = path.toString();
    return s.startsWith("file:") ? path.toUri().getPath() : s;
  }

  String given() {
    return given;
  }

  Path[] paths() {
    return files.stream().map(FileStatus::getPath).toArray(Path[]::new);
  }

  long totalBytes() {
    return files.stream().mapToLong(FileStatus::getLen).sum();
  }

  long length(int file) {
    return files.get(file).getLen();
  }

  boolean compressed(int file) {
    return new CompressionCodecFactory(conf).getCodec(files.get(file).getPath()) != null;
  }

  /** Opens a file, inflated when its name says so. */
  static InputStream open(Configuration conf, Path path) throws IOException {
    CompressionCodec codec = new CompressionCodecFactory(conf).getCodec(path);
    InputStream in = path.getFileSystem(conf).open(path, 1 << 16);
    return new BufferedInputStream(codec == null ? in : codec.createInputStream(in), 1 << 16);
  }

  /**
   * The first line that is not blank, without a byte order mark; up to 1 MiB of it. Empty when
   * there is none.
   *
   * @param scanner says which line breaks end a line
   */
  byte[] firstLine(int file, QuoteScanner scanner) {
    Path path = files.get(file).getPath();
    try (InputStream in = open(conf, path)) {
      ByteArrayOutputStream line = new ByteArrayOutputStream();
      for (int c = in.read(); c >= 0 && line.size() < 1 << 20; c = in.read()) {
        boolean mark = line.size() < 3 && c >= 0xBB; // a byte order mark is no part of a field
        if (mark || scanner.next(c)) {
          line.write(c);
        } else if (!line.toString(java.nio.charset.StandardCharsets.ISO_8859_1).isBlank()) {
          break;
        } else {
          line.reset();
          scanner.begin();
        }
      }
      byte[] b = line.toByteArray();
      if (b.length >= 2
          && ((b[0] == (byte) 0xFE && b[1] == (byte) 0xFF)
              || (b[0] == (byte) 0xFF && b[1] == (byte) 0xFE))) {
        throw new DataException(
            name(path)
                + " starts with the byte order mark of UTF-16; expected UTF-8: convert it first (iconv -t utf-8)");
      }
      boolean mark =
          b.length >= 3 && b[0] == (byte) 0xEF && b[1] == (byte) 0xBB && b[2] == (byte) 0xBF;
      return mark ? Arrays.copyOfRange(b, 3, b.length) : b;
    } catch (IOException e) {
      throw new DataException(name(path) + " cannot be read: " + e.getMessage(), e);
    }
  }

  /**
   * The 1-based number of the line that starts at {@code position} of a file; read again from its
   * start, so only for messages.
   */
  long lineNumber(String fileName, long position) {
    for (FileStatus file : files) {
      if (name(file.getPath()).equals(fileName)) {
        try (InputStream in = open(conf, file.getPath())) {
          long line = 1;
          int previous = 0;
          for (long i = 0; i < position; i++) {
            int c = in.read();
            if (c < 0) {
              break;
            }
            if ((c == '\n' && previous != '\r') || c == '\r') {
              line++;
            }
            previous = c;
          }
          return line;
        } catch (IOException e) {
          return 0;
        }
      }
    }
    return 0;
  }
}
