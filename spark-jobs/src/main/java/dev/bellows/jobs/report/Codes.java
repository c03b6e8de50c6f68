package dev.bellows.jobs.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What compression took and left out, by codec: the ledger's columns of codes. */
final class Codes {
  private static final List<String> HEAD =
      List.of(
          "codec",
          "steps",
          "bytes up per step",
          "of float32",
          "bytes down per step",
          "of float32",
          "mean error",
          "largest error");

  private final Run run;

  Codes(Run run) {
    this.run = run;
  }

  /** Sums over the steps of a codec. */
  private static final class Totals {
    private long steps;
    private double up;
    private double down;
    private double error;
    private double largest;
  }

  /** Writes the table; nothing for a run without compression. */
  void write(Html html) {
    Map<String, Totals> codecs = totals();
    if (codecs.isEmpty()) {
      return;
    }
    List<List<String>> rows = new ArrayList<>();
    codecs.forEach(
        (codec, t) ->
            rows.add(
                List.of(
                    codec,
                    Figures.number(t.steps),
                    Figures.number(Math.rint(t.up / t.steps)),
                    share(t.up / t.steps, "float32_bytes_up_per_step"),
                    Figures.number(Math.rint(t.down / t.steps)),
                    share(t.down / t.steps, "float32_bytes_down_per_step"),
                    Figures.number(t.error / t.steps),
                    Figures.number(t.largest))));
    List<Boolean> numeric = new ArrayList<>();
    HEAD.forEach(name -> numeric.add(!rows.isEmpty() && !name.equals("codec")));
    html.raw("<section class=\"card\">").heading("compression", "Compression");
    html.raw("<p>")
        .text(
            "Bytes of the gradients of all units (up) and of the change of the parameters, once"
                + " (down). The error is that of the gradients, |not sent| / |to send|; what was"
                + " not sent is added to the next step.")
        .raw("</p>\n");
    html.table("Codes of a step", HEAD, numeric, rows).raw("</section>\n");
  }

  private Map<String, Totals> totals() {
    int codec = Run.column(run.ledger(), "codec");
    Map<String, Totals> codecs = new LinkedHashMap<>();
    for (List<String> line : codec < 0 ? List.<List<String>>of() : Run.body(run.ledger())) {
      Double up = figure(line, codec + 1);
      Double down = figure(line, codec + 2);
      Double error = figure(line, codec + 3);
      if (up != null && down != null && error != null && line.size() == codec + 5) {
        Totals t = codecs.computeIfAbsent(line.get(codec), name -> new Totals());
        t.steps++;
        t.up += up;
        t.down += down;
        t.error += error;
        t.largest = Math.max(t.largest, error);
      }
    }
    return codecs;
  }

  private static @Nullable Double figure(List<String> line, int column) {
    return column < line.size() ? Figures.parse(line.get(column)) : null;
  }

  private String share(double bytes, String ofKey) {
    return run.plan().get(ofKey) instanceof Number of && of.doubleValue() > 0
        ? Figures.number(bytes / of.doubleValue())
        : "";
  }
}
