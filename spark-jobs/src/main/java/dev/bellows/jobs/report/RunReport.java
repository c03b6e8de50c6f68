package dev.bellows.jobs.report;

import dev.bellows.engine.model.FolderFiles;
import dev.bellows.engine.model.Json;
import dev.bellows.jobs.BellowsException;
import dev.bellows.jobs.ExitCode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;

/**
 * Writes {@code report.html} from the files of a run folder: one file that opens without a network,
 * light or dark as the reader's system asks, printable. Charts are drawn by ECharts, which is
 * inlined from its webjar; everything that a chart shows also stands in a table or in the text.
 *
 * <p>Everything that comes from the run is escaped, and the page's own policy forbids it to load
 * anything from anywhere.
 */
public final class RunReport {
  private static final String NAME = "report.html";
  private static final String ECHARTS = "META-INF/resources/webjars/echarts/5.5.0/echarts.min.js";
  private static final String STYLE = "dev/bellows/jobs/report/report.css";
  private static final String SCRIPT = "dev/bellows/jobs/report/report.js";

  private RunReport() {}

  /**
   * Writes the report of a run.
   *
   * @param folder of a train or evaluate command
   * @return where the file is
   * @throws BellowsException exit 6 when it can't be written
   */
  public static String write(FolderFiles folder) {
    return write(folder, List.of());
  }

  /**
   * As {@link #write(FolderFiles)} for a folder without run.json.
   *
   * @param command the command line that made the folder; run.json's, where there is one, is taken
   *     instead
   */
  public static String write(FolderFiles folder, List<String> command) {
    String page = page(folder, command);
    String target = folder.root() + "/" + NAME;
    try {
      folder.replace(NAME, page.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new BellowsException(
          ExitCode.MEMORY_OR_DISK, "cannot write " + target + ": " + e.getMessage(), e);
    }
    return target;
  }

  /** The page as text. */
  static String page(FolderFiles folder, List<String> command) {
    RunFiles files = new RunFiles(folder);
    Run run = Run.read(folder, files, command);
    Html body = new Html();
    new Sections(run, body).write();
    String data =
        Json.compact(new ChartData(run).tree()).replace("<", "\\u003c").replace(">", "\\u003e");
    Html page = new Html();
    page.raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    page.raw(
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline';"
            + " script-src 'unsafe-inline'; img-src data:\">\n");
    page.raw("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    page.raw("<meta name=\"color-scheme\" content=\"light dark\">\n<title>");
    page.text(run.name()).raw(" - Bellows report</title>\n<style>\n");
    page.raw(resource(STYLE)).raw("</style>\n</head>\n<body>\n").raw(body.toString());
    page.raw("<script type=\"application/json\" id=\"report-data\">").raw(data).raw("</script>\n");
    page.raw("<script>\n").raw(inline(resource(ECHARTS))).raw("\n</script>\n");
    page.raw("<script>\n").raw(inline(resource(SCRIPT))).raw("</script>\n</body>\n</html>\n");
    return page.toString();
  }

  // A closing tag inside a string of the library would end our script element.
  private static String inline(String script) {
    return script.replace("</script", "<\\/script").replace("<!--", "<\\!--");
  }

  private static String resource(String name) {
    ClassLoader loader = RunReport.class.getClassLoader();
    try (InputStream in = loader.getResourceAsStream(name)) {
      if (in == null) {
        throw new BellowsException(
            ExitCode.INTERNAL,
            String.format(
                Locale.ROOT, "%s is not on the class path: the jar is not complete", name));
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new BellowsException(ExitCode.INTERNAL, "cannot read " + name + " of the jar", e);
    }
  }
}
