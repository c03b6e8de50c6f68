package dev.bellows.jobs.report;

import java.util.List;

/**
 * Builds HTML. Whatever comes from data, configuration or files goes through {@link #text}: markup
 * becomes text, control characters become visible pictures, and marks that turn the reading
 * direction are removed.
 */
final class Html {
  private final StringBuilder out = new StringBuilder(1 << 16);

  /** Appends markup of our own. */
  Html raw(String markup) {
    out.append(markup);
    return this;
  }

  /** Appends escaped text. */
  Html text(String text) {
    out.append(escape(text));
    return this;
  }

  /** A heading that can be linked to. */
  Html heading(String id, String title) {
    return raw("<h2 id=\"" + id + "\">").text(title).raw("</h2>\n");
  }

  /** A two-column list of facts; empty values are left out. */
  Html facts(List<Fact> facts) {
    raw("<dl class=\"facts\">\n");
    for (Fact fact : facts) {
      if (!fact.value().isEmpty()) {
        raw("<dt>").text(fact.name()).raw("</dt><dd>").text(fact.value()).raw("</dd>\n");
      }
    }
    return raw("</dl>\n");
  }

  /**
   * A table that scrolls sideways on narrow screens.
   *
   * @param numeric which columns hold numbers (right-aligned)
   */
  Html table(String caption, List<String> head, List<Boolean> numeric, List<List<String>> rows) {
    raw(
        head.size() > 2
            ? "<div class=\"scroll\"><table>"
            : "<div class=\"scroll\"><table class=\"narrow\">");
    raw("<caption>").text(caption).raw("</caption>\n<thead><tr>");
    for (int c = 0; c < head.size(); c++) {
      raw(numeric.get(c) ? "<th class=\"n\" scope=\"col\">" : "<th scope=\"col\">");
      text(head.get(c)).raw("</th>");
    }
    raw("</tr></thead>\n<tbody>\n");
    for (List<String> row : rows) {
      raw("<tr>");
      for (int c = 0; c < row.size(); c++) {
        raw(numeric.get(c) ? "<td class=\"n\">" : "<td>").text(row.get(c)).raw("</td>");
      }
      raw("</tr>\n");
    }
    return raw("</tbody></table></div>\n");
  }

  /** A place for a chart; the script draws it from the data of the page. */
  Html chart(String id, String title, String described) {
    raw("<figure><figcaption>")
        .text(title)
        .raw("</figcaption><div class=\"chart\" id=\"chart-" + id);
    return raw("\" role=\"img\" aria-label=\"").text(described).raw("\"></div></figure>\n");
  }

  @Override
  public String toString() {
    return out.toString();
  }

  static String escape(String text) {
    StringBuilder safe = new StringBuilder(text.length() + 16);
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '&' -> safe.append("&amp;");
        case '<' -> safe.append("&lt;");
        case '>' -> safe.append("&gt;");
        case '"' -> safe.append("&quot;");
        case '\'' -> safe.append("&#39;");
        default -> safe.append(visible(c));
      }
    }
    return safe.toString();
  }

  /** A control character as its picture, a direction mark as a replacement character. */
  static char visible(char c) {
    if (c < ' ' && c != '\n' && c != '\t') {
      return (char) ('\u2400' + c);
    }
    if (c == 0x7f) {
      return '\u2421';
    }
    boolean direction = (c >= '\u202a' && c <= '\u202e') || (c >= '\u2066' && c <= '\u2069');
    return direction || (c >= 0x80 && c < 0xa0) ? '\ufffd' : c;
  }

  /** A line of a list of facts. */
  record Fact(String name, String value) {}
}
