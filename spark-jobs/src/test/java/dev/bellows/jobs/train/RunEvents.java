package dev.bellows.jobs.train;

import dev.bellows.engine.model.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The events of a run folder. */
final class RunEvents {
  private RunEvents() {}

  /** All events of a kind, oldest first. */
  static List<Map<String, Object>> of(Path run, String kind) throws IOException {
    List<Map<String, Object>> found = new ArrayList<>();
    for (String line : Files.readAllLines(run.resolve("events.jsonl"))) {
      Map<String, Object> event = Json.parseObject(line, "events.jsonl");
      if (kind.equals(event.get("event"))) {
        found.add(event);
      }
    }
    return found;
  }
}
