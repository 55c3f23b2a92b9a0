/**
 * Tests of the Helm chart in {@code helm/hkp-gateway}: it is rendered by Helm itself,
 * held against the models of Kubernetes, and what it would run is run. Start reading in
 * {@link org.hkpgateway.chart.HelmChartTests}.
 */
package org.hkpgateway.chart;
