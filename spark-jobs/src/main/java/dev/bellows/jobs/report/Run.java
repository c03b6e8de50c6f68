package dev.bellows.jobs.report;

import dev.bellows.engine.model.FolderFiles;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a run folder holds, as read for the report. Every part may be empty.
 *
 * @param name of the folder
 * @param run run.json
 * @param plan plan.json
 * @param profile data-profile.json
 * @param metrics metrics.json
 * @param model model/model.json
 * @param evaluation evaluation/metrics.json
 * @param history history.csv, head first
 * @param perClass evaluation/per_class.csv, head first
 * @param confusion evaluation/confusion.csv, head first
 * @param curves evaluation/curves.csv, head first
 * @param timeline timeline.json
 * @param ledger steps.ledger, head first where there is one
 * @param events events.jsonl
 * @param config config.resolved.yaml
 * @param command words of the command line
 * @param damaged files that could not be read
 */
record Run(
    String name,
    Map<String, @Nullable Object> run,
    Map<String, @Nullable Object> plan,
    Map<String, @Nullable Object> profile,
    Map<String, @Nullable Object> metrics,
    Map<String, @Nullable Object> model,
    Map<String, @Nullable Object> evaluation,
    List<List<String>> history,
    List<List<String>> perClass,
    List<List<String>> confusion,
    List<List<String>> curves,
    Map<String, @Nullable Object> timeline,
    List<List<String>> ledger,
    List<Map<String, @Nullable Object>> events,
    String config,
    List<String> command,
    List<String> damaged) {

  static Run read(FolderFiles folder, RunFiles files, List<String> given) {
    Map<String, @Nullable Object> run = files.object("run.json");
    List<String> command = new ArrayList<>();
    Figures.list(run.get("command")).forEach(word -> command.add(String.valueOf(word)));
    return new Run(
        folder.root().substring(folder.root().lastIndexOf('/') + 1),
        run,
        files.object("plan.json"),
        files.object("data-profile.json"),
        files.object("metrics.json"),
        files.object("model/model.json"),
        files.object("evaluation/metrics.json"),
        files.csv("history.csv"),
        files.csv("evaluation/per_class.csv"),
        files.csv("evaluation/confusion.csv"),
        files.csv("evaluation/curves.csv"),
        files.object("timeline.json"),
        files.csv("steps.ledger"),
        files.lines("events.jsonl"),
        files.text("config.resolved.yaml"),
        command.isEmpty() ? given : command,
        files.damaged());
  }

  /** Position of a column in the head of a CSV file; -1 without. */
  static int column(List<List<String>> csv, String name) {
    return csv.isEmpty() ? -1 : csv.get(0).indexOf(name);
  }

  /** Lines below the head. */
  static List<List<String>> body(List<List<String>> csv) {
    return csv.isEmpty() ? List.of() : csv.subList(1, csv.size());
  }
}
