package dev.bellows.jobs.report;

import dev.bellows.engine.model.FolderFiles;
import dev.bellows.engine.model.Json;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads the text files of a run folder; a file that is absent, too long or damaged is as if empty
 * and noted.
 */
final class RunFiles {
  private static final int MAX_BYTES = 32 << 20;
  private static final int MAX_LINES = 2_000_000;

  private final FolderFiles folder;
  private final List<String> damaged = new ArrayList<>();

  RunFiles(FolderFiles folder) {
    this.folder = folder;
  }

  /** Files that are there and could not be read, with the reason. */
  List<String> damaged() {
    return damaged;
  }

  String text(String name) {
    try (InputStream in = folder.openPlain(name)) {
      byte[] bytes = in.readNBytes(MAX_BYTES + 1);
      if (bytes.length > MAX_BYTES) {
        damaged.add(name + " is longer than " + (MAX_BYTES >> 20) + " MiB and is left out");
        return "";
      }
      return new String(bytes, StandardCharsets.UTF_8);
    } catch (FileNotFoundException absent) {
      return "";
    } catch (IOException e) {
      damaged.add(name + " can't be read: " + e.getMessage());
      return "";
    }
  }

  Map<String, @Nullable Object> object(String name) {
    String text = text(name);
    if (text.isEmpty()) {
      return Map.of();
    }
    try {
      return Json.parseObject(text, name);
    } catch (IOException e) {
      damaged.add(String.valueOf(e.getMessage()));
      return Map.of();
    }
  }

  /** One object per line; a torn last line (a killed run) is skipped. */
  List<Map<String, @Nullable Object>> lines(String name) {
    List<Map<String, @Nullable Object>> list = new ArrayList<>();
    int torn = 0;
    for (String line : text(name).lines().toList()) {
      try {
        list.add(Json.parseObject(line, name));
      } catch (IOException e) {
        torn++;
      }
    }
    if (torn > 1) { // a kill tears one line at most
      damaged.add(name + ": " + torn + " lines can't be read");
    }
    return list;
  }

  /** Cells of a CSV file, the head first. */
  List<List<String>> csv(String name) {
    List<List<String>> rows = new ArrayList<>();
    String text = text(name);
    List<String> row = new ArrayList<>();
    StringBuilder cell = new StringBuilder();
    boolean quoted = false;
    for (int i = 0; i < text.length() && rows.size() < MAX_LINES; i++) {
      char c = text.charAt(i);
      if (quoted && c == '"' && i + 1 < text.length() && text.charAt(i + 1) == '"') {
        cell.append('"');
        i++;
      } else if (c == '"') {
        quoted = !quoted;
      } else if (!quoted && (c == ',' || c == '\n')) {
        row.add(cell.toString());
        cell.setLength(0);
        if (c == '\n') {
          rows.add(row);
          row = new ArrayList<>();
        }
      } else if (quoted || c != '\r') {
        cell.append(c);
      }
    }
    return rows; // a last line without its break was torn by a kill
  }
}
