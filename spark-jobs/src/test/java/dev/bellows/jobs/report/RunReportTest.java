package dev.bellows.jobs.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.bellows.engine.model.Json;
import dev.bellows.engine.model.NioFiles;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunReportTest {
  private static final int MOST_BYTES = 2_500_000;

  @TempDir Path root;
  private Path run;

  @BeforeEach
  void folder() throws IOException {
    run = Files.createDirectories(root.resolve("fmnist"));
    put(
        "run.json",
        """
        {"format": "bellows-run", "status": "finished", "exit_code": 0, "started": "2026-01-01T10:00:00Z",
         "ended": "2026-01-01T10:01:05.5Z", "seed": 1234567, "best_epoch": 2, "steps": 12,
         "command": ["bellows", "train", "-c", "conf/my run.yaml", "--set", "trainer.epochs=2"],
         "versions": {"bellows": "0.1.0", "java": "17"}, "model_sha256": "51ce"}""");
    put(
        "history.csv",
        "epoch,step,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds\n1,6,0.9,0.5,0.8,0.55,0.001,1\n2,12,0.4,0.8,0.45,0.78,0.0005,1\n");
    put("metrics.json", "{\"val_accuracy\": 0.78, \"test_accuracy\": 0.77}");
    put(
        "data-profile.json",
        """
        {"rows": 54000, "dropped": 0, "duplicates": 3, "fingerprint": "9f31c2ab", "columns":
         [{"name": "age", "type": "number", "inferred": true, "missing": 2, "distinct": 70, "min": 1.0, "max": 90.0, "mean": 38.5, "std": 13.25}],
         "classes": {"cat": 30000, "dog": 24000}, "warnings": ["column age has 2 missing cells"]}""");
    put(
        "evaluation/metrics.json",
        "{\"rows_from\": \"test\", \"rows\": 100, \"loss\": 0.4, \"metrics\": {\"accuracy\": 0.77, \"auc\": null}, \"undefined\": {\"auc\": \"only one class among the rows\"}}");
    put("evaluation/confusion.csv", "true\\predicted,cat,dog\ncat,40,10\ndog,13,37\n");
    put(
        "evaluation/per_class.csv",
        "class,support,predicted,precision,recall,f1\ncat,50,53,0.7547,0.8,0.7767\ndog,50,47,,0.74,0.7629\n");
    put(
        "evaluation/curves.csv",
        "class,threshold,true_positive_rate,false_positive_rate,precision\ndog,0.9,0.5,0.1,0.8\ndog,0.1,1,1,0.5\n");
    put("config.resolved.yaml", "version: 1\n");
    put(
        "steps.ledger",
        "step,loss,metric,weight,rows,applied,crc32c\n0,1.0,0.5,8,8,1,00000000\n1,0.5,0.5,8,8,1,00000000\n");
  }

  private void put(String name, String text) throws IOException {
    Path file = run.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private static Map<String, ?> data(String page) throws IOException {
    Matcher script =
        Pattern.compile(
                "<script type=\"application/json\" id=\"report-data\">(.*?)</script>",
                Pattern.DOTALL)
            .matcher(page);
    assertThat(script.find()).isTrue();
    return Json.parseObject(script.group(1), "data");
  }

  /** The page without the library, whose source is full of angle brackets. */
  private static String ours(String page) {
    return page.replaceAll("(?s)<script>.*?</script>", "<script>cut</script>");
  }

  @Test
  void the_page_is_one_small_file_that_loads_nothing() throws Exception {
    Path file = Path.of(RunReport.write(new NioFiles(run)));
    String page = Files.readString(file);
    assertThat(Files.size(file)).isLessThan(MOST_BYTES);
    assertThat(ours(page))
        .startsWith("<!DOCTYPE html>")
        .contains(
            "default-src 'none'", "prefers-color-scheme: dark", "@media print", "name=\"viewport\"")
        .doesNotContain("src=", "href=", "url(", "@import", "http://", "https://");
    assertThat(page).contains("echarts");
    assertThat(run.resolve("report.html.tmp")).doesNotExist();
  }

  @Test
  void shows_figures_warnings_tables_and_ends_with_the_exact_command() throws Exception {
    String page = ours(RunReport.page(new NioFiles(run), List.of()));
    assertThat(page)
        .contains("<b>0.7700</b><span>test accuracy</span>", "1 min 06 s", "54,000", "9f31c2ab")
        .contains(
            "<li>column age has 2 missing cells</li>",
            "<li>metric auc has no value: only one class among the rows</li>")
        .contains(
            "<td>dog</td><td class=\"n\">50</td><td class=\"n\">47</td><td class=\"n\">undefined</td>")
        .contains("<dt>seed</dt><dd>1234567</dd>", "<td>number (inferred)</td>")
        .contains(
            "id=\"chart-loss\"",
            "id=\"chart-confusion\"",
            "id=\"chart-roc\"",
            "id=\"chart-classes\"",
            "id=\"chart-steps\"");
    String tail = page.substring(page.indexOf("id=\"command\""), page.indexOf("</main>"));
    assertThat(tail).contains("bellows train -c &#39;conf/my run.yaml&#39; --set trainer.epochs=2");
    Map<String, ?> data = data(RunReport.page(new NioFiles(run), List.of()));
    assertThat((Map<?, ?>) data.get("history"))
        .extracting("val_loss")
        .isEqualTo(List.of(0.8, 0.45));
    assertThat(data.get("steps")).isEqualTo(List.of(List.of(0.0, 1.0), List.of(1.0, 0.5)));
    assertThat(data.get("best_epoch")).isEqualTo(2L);
  }

  @Test
  void fault_70_names_from_the_data_can_not_become_markup_or_terminal_codes() throws Exception {
    String evil =
        "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&\u001b[31mred\n\u202eright\u0000";
    Map<String, Object> column = new LinkedHashMap<>();
    column.put("name", evil);
    column.put("type", evil);
    column.put("note", evil);
    Map<String, Object> profile = new LinkedHashMap<>();
    profile.put("rows", 3L);
    profile.put("columns", List.of(column));
    profile.put("classes", Map.of(evil, 2L, "b", 1L));
    profile.put("warnings", List.of(evil));
    put("data-profile.json", Json.pretty(profile));
    put(
        "run.json",
        Json.pretty(
            Map.of(
                "status",
                evil,
                "started",
                evil,
                "host",
                evil,
                "command",
                List.of("bellows", evil))));
    String cell = '"' + evil.replace("\"", "\"\"") + '"';
    put("evaluation/confusion.csv", "true\\predicted," + cell + ",b\n" + cell + ",1,0\nb,0,1\n");
    put(
        "evaluation/per_class.csv",
        "class,support,predicted,precision,recall,f1\n" + cell + ",1,1,1,1,1\n");
    put(
        "evaluation/curves.csv",
        "class,threshold,true_positive_rate,false_positive_rate,precision\n" + cell + ",1,1,0,1\n");
    put(
        "evaluation/metrics.json",
        Json.pretty(
            Map.of("rows", 1L, "metrics", Map.of(evil, 1.0), "undefined", Map.of(evil, evil))));
    put("events.jsonl", Json.compact(Map.of("event", "failure", "what", evil)) + "\n");
    put("config.resolved.yaml", "name: " + evil);
    put("history.csv", cell + ",epoch\n1,1\n2,2\n");
    String page = RunReport.page(new NioFiles(run), List.of());
    String ours = ours(page);
    assertThat(Pattern.compile("<script").matcher(ours).results().count()).isEqualTo(3);
    assertThat(ours)
        .doesNotContain(
            "<img", "alert(1)</script>", "\u001b", "\u202e", "\u0000", "onerror=alert(2)>");
    assertThat(ours)
        .contains(
            "&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=alert(2)&gt;&quot;&#39;&amp;\u241b[31mred\n\ufffdright\u2400");
    Map<String, ?> data = data(page); // still one JSON text
    assertThat(String.valueOf(data.get("classes")))
        .contains("<script>alert(1)")
        .doesNotContain("\u001b");
    // The script draws names as text: tooltips are not HTML, nothing is parsed as markup.
    String script =
        new String(
            RunReport.class
                .getResourceAsStream("/dev/bellows/jobs/report/report.js")
                .readAllBytes(),
            java.nio.charset.StandardCharsets.UTF_8);
    assertThat(script)
        .contains("renderMode: 'richText'")
        .doesNotContain("innerHTML", "eval(", "document.write");
  }

  @Test
  void an_empty_folder_a_torn_file_and_a_link_give_a_page_too() throws Exception {
    Path empty = Files.createDirectories(root.resolve("empty"));
    assertThat(ours(RunReport.page(new NioFiles(empty), List.of("bellows", "evaluate"))))
        .contains("<h1>empty</h1>", "bellows evaluate");
    put("metrics.json", "{\"val_accuracy\": 0.7");
    put("history.csv", "epoch,loss\n1,0.5\n2,0.");
    Path secret = Files.writeString(root.resolve("secret"), "{\"status\": \"secret\"}");
    Files.delete(run.resolve("run.json"));
    Files.createSymbolicLink(run.resolve("run.json"), secret);
    String page = ours(RunReport.page(new NioFiles(run), List.of()));
    assertThat(page).contains("report: metrics.json:1:").doesNotContain("secret");
    assertThat(
            ((Map<?, ?>) data(RunReport.page(new NioFiles(run), List.of())).get("history"))
                .get("epoch"))
        .isEqualTo(List.of(1.0));
  }

  @Test
  void a_long_run_with_many_columns_and_classes_stays_below_the_limit() throws Exception {
    StringBuilder history = new StringBuilder("epoch,loss,val_loss\n");
    StringBuilder ledger = new StringBuilder("step,loss,metric,weight,rows,applied,crc32c\n");
    for (int i = 0; i < 5000; i++) {
      history
          .append(i)
          .append(',')
          .append(1.0 / (i + 1))
          .append(',')
          .append(2.0 / (i + 1))
          .append('\n');
    }
    for (int i = 0; i < 200_000; i++) {
      ledger.append(i).append(",0.123456789,0.5,8,8,1,00000000\n");
    }
    put("history.csv", history.toString());
    put("steps.ledger", ledger.toString());
    StringBuilder columns = new StringBuilder();
    for (int i = 0; i < 3000; i++) {
      columns
          .append(i == 0 ? "" : ",")
          .append("{\"name\": \"column")
          .append(i)
          .append("\", \"type\": \"number\", \"mean\": 0.5}");
    }
    put("data-profile.json", "{\"rows\": 1, \"columns\": [" + columns + "]}");
    String page = RunReport.page(new NioFiles(run), List.of());
    assertThat(page.length()).isLessThan(MOST_BYTES);
    assertThat(page).contains("(the first 200 of 3,000)");
    assertThat((List<?>) ((Map<?, ?>) data(page).get("history")).get("loss")).hasSize(1000);
    assertThat((List<?>) data(page).get("steps")).hasSize(1000);
  }
}
