(function () {
  'use strict';
  var data = JSON.parse(document.getElementById('report-data').textContent);
  var charts = [];
  var printing = false;
  var dark = window.matchMedia('screen and (prefers-color-scheme: dark)');

  function css(name) {
    var light = {'--ink': '#1b1f24', '--soft': '#5b6470', '--grid': '#e8ebef', '--line': '#dfe3e8', '--card': '#ffffff', '--heat': '#1f5fbf', '--on-heat': '#ffffff'};
    return printing ? light[name] : getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }
  // Okabe-Ito colours: told apart with any colour vision; two sets for the two backgrounds.
  function palette() {
    return dark.matches && !printing
      ? ['#56b4e9', '#e69f00', '#2fc19a', '#e58cc0', '#f0e442', '#ff8a5c', '#9db4ff', '#c9c9c9']
      : ['#0072b2', '#d55e00', '#00795a', '#b0408a', '#8a6d00', '#2b8cc4', '#6a4fb3', '#555555'];
  }
  function label(key) {
    return key.replace(/^val_/, 'validation ').replace(/^test_/, 'test ').replace(/_/g, ' ').replace(/\bauc\b/, 'AUC').replace(/\br2\b/, 'R²');
  }
  function short(v) {
    if (v === null || v === undefined || typeof v !== 'number') { return '' + (v === undefined || v === null ? '' : v); }
    if (Number.isInteger(v) && Math.abs(v) < 1e15) { return v.toLocaleString('en-US'); }
    var a = Math.abs(v);
    return a !== 0 && (a < 1e-3 || a >= 1e6) ? v.toExponential(2) : v.toPrecision(4);
  }
  // Ticks carry no trailing zeros.
  function tick(v) {
    var a = Math.abs(v);
    return a !== 0 && (a < 1e-3 || a >= 1e6) ? v.toExponential(1).replace('.0e', 'e') : Number(v.toPrecision(6)).toLocaleString('en-US', {maximumFractionDigits: 6});
  }
  function base(extra) {
    var axis = {
      nameTextStyle: {color: css('--soft')}, axisLabel: {color: css('--soft'), hideOverlap: true}, axisLine: {lineStyle: {color: css('--line')}},
      splitLine: {lineStyle: {color: css('--grid')}}, nameLocation: 'middle', nameGap: 28
    };
    var option = {
      animation: false, color: palette(), backgroundColor: 'transparent',
      textStyle: {color: css('--ink'), fontFamily: 'system-ui, sans-serif'},
      grid: {left: 8, right: 18, top: 42, bottom: 30, containLabel: true},
      legend: {top: 6, type: 'scroll', textStyle: {color: css('--ink')}, pageTextStyle: {color: css('--soft')}, pageIconColor: css('--ink')},
      // Drawn as text, never as HTML: names come from the data.
      tooltip: {renderMode: 'richText', confine: true, backgroundColor: css('--card'), borderColor: css('--line'), textStyle: {color: css('--ink')}}
    };
    Object.keys(extra).forEach(function (key) {
      option[key] = typeof extra[key] === 'object' && !Array.isArray(extra[key]) && option[key] ? Object.assign({}, option[key], extra[key]) : extra[key];
    });
    ['xAxis', 'yAxis'].forEach(function (key) {
      if (option[key]) { option[key] = Object.assign({}, axis, option[key], {axisLabel: Object.assign({}, axis.axisLabel, option[key].axisLabel || {})}); }
    });
    return option;
  }
  function draw(id, make) {
    var box = document.getElementById('chart-' + id);
    if (!box) { return; }
    var option = make();
    if (!option) { box.parentNode.remove(); return; }
    var chart = echarts.init(box, null, {renderer: 'svg'});
    chart.setOption(option);
    charts.push(chart);
  }
  function epochs(keys, name, extra) {
    var history = data.history;
    var series = keys.filter(function (key) { return history[key]; }).map(function (key, i) {
      return {
        name: label(key), type: 'line', showSymbol: history.epoch.length < 40, symbolSize: 5, lineStyle: {width: 2, type: /^val_/.test(key) ? 'solid' : 'dashed'},
        data: history.epoch.map(function (epoch, row) { return [epoch, history[key][row]]; }),
        markLine: i === 0 && data.best_epoch > 0 ? {
          silent: true, symbol: 'none', lineStyle: {color: css('--soft'), type: 'dotted'},
          label: {formatter: 'best', color: css('--soft')}, data: [{xAxis: data.best_epoch}]
        } : undefined
      };
    });
    return series.length === 0 ? null : base(Object.assign({
      xAxis: {type: 'value', name: 'epoch', min: 'dataMin', max: 'dataMax', minInterval: 1},
      yAxis: {type: 'value', name: '', scale: true, axisLabel: {formatter: tick}},
      tooltip: {trigger: 'axis', valueFormatter: short}, series: series
    }, extra || {}));
  }
  function columns(test) {
    return Object.keys(data.history).filter(test);
  }
  function confusion() {
    var c = data.confusion;
    if (!c) { return null; }
    var cells = [];
    c.rows.forEach(function (row, i) {
      var total = row.reduce(function (a, b) { return a + b; }, 0);
      row.forEach(function (count, j) { 
        var share = total > 0 ? count / total : 0;
        cells.push({value: [j, i, share, count], label: {color: share > 0.5 ? css('--on-heat') : css('--ink')}});
      });
    });
    var few = c.names.length <= 15;
    return base({
      grid: {top: 10, bottom: 66, left: 46},
      legend: {show: false},
      xAxis: {type: 'category', data: c.names, name: 'predicted', splitArea: {show: false}, nameGap: 30, axisLabel: {rotate: few && c.names.join('').length < 40 ? 0 : 45}},
      yAxis: {type: 'category', data: c.names, name: 'true', inverse: true, nameGap: 40, nameLocation: 'middle'},
      visualMap: {min: 0, max: 1, calculable: false, orient: 'horizontal', left: 'center', bottom: 0, itemHeight: 90, itemWidth: 12, precision: 2,
        text: ['all rows of the class', 'none'], textStyle: {color: css('--soft')}, dimension: 2, inRange: {color: [css('--card'), css('--heat')]}},
      tooltip: {formatter: function (p) {
        return 'true ' + c.names[p.value[1]] + ', predicted ' + c.names[p.value[0]] + '\n' + short(p.value[3]) + ' rows, ' + (100 * p.value[2]).toFixed(1) + ' % of the class';
      }},
      series: [{type: 'heatmap', data: cells, itemStyle: {borderColor: css('--grid'), borderWidth: 1},
        label: {show: few, fontSize: 12, formatter: function (p) { return p.value[3] === 0 ? '' : short(p.value[3]); }}}]
    });
  }
  function curve(x, y, xName, yName, start, diagonal) {
    var names = Object.keys(data.curves || {});
    if (names.length === 0) { return null; }
    var series = names.map(function (name) {
      var points = data.curves[name].map(function (p) { return [p[x], p[y]]; });
      return {name: name, type: 'line', showSymbol: false, step: false, lineStyle: {width: 2}, data: (start ? [start] : []).concat(points)};
    });
    if (diagonal) {
      series.push({name: 'chance', type: 'line', showSymbol: false, silent: true, lineStyle: {width: 1, type: 'dotted', color: css('--soft')}, itemStyle: {color: css('--soft')}, data: [[0, 0], [1, 1]]});
    }
    return base({
      grid: {left: 30}, xAxis: {type: 'value', name: xName, min: 0, max: 1}, yAxis: {type: 'value', name: yName, min: 0, max: 1, nameGap: 34},
      tooltip: {trigger: 'item', formatter: function (p) { return p.seriesName + '\n' + xName + ' ' + short(p.value[0]) + '\n' + yName + ' ' + short(p.value[1]); }},
      series: series
    });
  }
  // A task's lanes: what it computes, with the waits on top, and what is under way meanwhile.
  function timeline() {
    var intervals = data.timeline || [];
    if (intervals.length === 0) { return null; }
    var names = ['compute', 'wait', 'under way'];
    var lanes = 1 + Math.max.apply(null, intervals.map(function (i) { return i[0]; }));
    var labels = [];
    for (var lane = 0; lane < 2 * Math.ceil(lanes / 2); lane++) { labels.push(lane % 2 === 0 ? 'task ' + lane / 2 : 'its parts'); }
    var colors = palette();
    return base({
      legend: {data: names}, grid: {left: 8},
      xAxis: {type: 'value', name: 'milliseconds', min: 0, axisLabel: {formatter: tick}},
      yAxis: {type: 'category', data: labels, inverse: true, splitLine: {show: false}},
      tooltip: {formatter: function (p) {
        return 'step ' + p.value[3] + ', ' + p.seriesName + '\n' + short(p.value[2] - p.value[1]) + ' ms';
      }},
      series: names.map(function (name, kind) {
        return {
          name: name, type: 'custom', itemStyle: {color: colors[kind]}, encode: {x: [1, 2], y: 0},
          data: intervals.filter(function (i) { return i[1] === kind; }).map(function (i) { return [i[0], i[2], i[3], i[4]]; }),
          renderItem: function (params, api) {
            var from = api.coord([api.value(1), api.value(0)]);
            var to = api.coord([api.value(2), api.value(0)]);
            var height = api.size([0, 1])[1] * 0.6;
            return {type: 'rect', shape: {x: from[0], y: from[1] - height / 2, width: Math.max(1, to[0] - from[0]), height: height},
              style: {fill: colors[kind], stroke: css('--card'), lineWidth: 0.5}};
          }
        };
      })
    });
  }
  function classes() {
    if (!data.classes || data.classes.length === 0) { return null; }
    return base({
      legend: {show: false}, grid: {top: 14},
      xAxis: {type: 'category', data: data.classes.map(function (c) { return c[0]; }), axisLabel: {rotate: data.classes.length > 12 ? 45 : 0}},
      yAxis: {type: 'value', axisLabel: {formatter: tick}}, tooltip: {trigger: 'axis', valueFormatter: short},
      series: [{type: 'bar', name: 'rows', barMaxWidth: 46, data: data.classes.map(function (c) { return c[1]; })}]
    });
  }
  function all() {
    charts.forEach(function (chart) { chart.dispose(); });
    charts = [];
    draw('loss', function () { return epochs(columns(function (key) { return /loss$/.test(key); })); });
    draw('metric', function () {
      return epochs(columns(function (key) { return !/loss$|^epoch$|^step$|^learning_rate$|^seconds$/.test(key); }));
    });
    draw('rate', function () { return epochs(['learning_rate'], '', {legend: {show: false}, grid: {top: 14}}); });
    draw('steps', function () {
      return data.steps.length < 2 ? null : base({
        legend: {show: false}, grid: {top: 14}, xAxis: {type: 'value', name: 'step', min: 'dataMin', max: 'dataMax', axisLabel: {showMaxLabel: false}},
        yAxis: {type: 'value', scale: true, axisLabel: {formatter: tick}}, tooltip: {trigger: 'axis', valueFormatter: short},
        series: [{name: 'loss', type: 'line', showSymbol: false, lineStyle: {width: 1.2}, data: data.steps}]
      });
    });
    draw('confusion', confusion);
    draw('roc', function () { return curve(0, 1, 'false-positive rate', 'true-positive rate', [0, 0], true); });
    draw('pr', function () { return curve(1, 2, 'recall', 'precision', null, false); });
    draw('classes', classes);
    draw('timeline', timeline);
  }
  all();
  dark.addEventListener('change', all);
  window.addEventListener('resize', function () { charts.forEach(function (chart) { chart.resize(); }); });
  window.addEventListener('beforeprint', function () {
    printing = true;
    document.querySelectorAll('details').forEach(function (d) { d.dataset.was = d.open ? '1' : ''; d.open = true; });
    all();
  });
  window.addEventListener('afterprint', function () {
    printing = false;
    document.querySelectorAll('details').forEach(function (d) { d.open = d.dataset.was === '1'; });
    all();
  });
})();
