// Package v0alpha1 stands in for a module of Grafana's repository: the types of it that data sources use.
package v0alpha1

type FilterOperator string

const (
	FilterOperatorEquals        FilterOperator = "equals"
	FilterOperatorNotEquals     FilterOperator = "not-equals"
	FilterOperatorRegexMatch    FilterOperator = "regex-match"
	FilterOperatorRegexNotMatch FilterOperator = "regex-not-match"
	FilterOperatorOneOf         FilterOperator = "one-of"
	FilterOperatorNotOneOf      FilterOperator = "not-one-of"
)

type ScopeFilter struct {
	Key      string         `json:"key"`
	Value    string         `json:"value"`
	Values   []string       `json:"values,omitempty"`
	Operator FilterOperator `json:"operator"`
}

type ScopeSpec struct {
	Title       string        `json:"title"`
	DefaultPath []string      `json:"defaultPath,omitempty"`
	Filters     []ScopeFilter `json:"filters,omitempty"`
}
